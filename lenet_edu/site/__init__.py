"""The edition without a kernel: pages for a browser alone, built from the notebooks, and the playground, which trains
LeNet-5 in the tab."""
