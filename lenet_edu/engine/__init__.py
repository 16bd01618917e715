"""The networks in a browser: `lenet.c` computes, `engine.js` is its door, `plan` describes a network."""
