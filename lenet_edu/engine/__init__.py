"""The network in a browser: `lenet.c` computes it, `engine.js` is its door, `plan` describes a network to both."""
