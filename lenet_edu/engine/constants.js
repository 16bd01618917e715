// Numbers that Python states. `make engine` writes this file: change them there.

/** Section II-B: pixels along a side of what the network sees. */
export const IMAGE_SIZE = 32;

/** Section II-B: pixels along the longer side of a digit in it. */
export const GLYPH_SIZE = 20;

/** Pixels along a side of an image of MNIST's files. */
export const MNIST_SIZE = 28;

/** Section II-B: the value of paper. */
export const BACKGROUND = -0.1;

/** Section II-B: the value of ink. */
export const FOREGROUND = 1.175;

/** Appendix A: a unit with F inputs starts with weights within this over F. */
export const INITIAL_WEIGHT_RANGE = 2.4;

/** The distance of the class of rubbish, j of equation 9. */
export const RUBBISH_DISTANCE = 1;

/** What is paler than this share of the darkest ink is no edge. */
export const FAINT = 0.2;

/** The same for a digit that was picked from its sheet. */
export const PICKED = 0.001;

/** A sheet whose levels differ by less than this shows nothing. */
export const BLANK = 0.05;

/** Where a digit's centre of mass is put, in pixels from the edge. */
export const MIDDLE = 16.5;

/** So near the middle between two places a digit goes up or to the left. */
export const TIE = 0.0001;

/** A clean picture of no more pixels a side is one like MNIST's, and no photo. */
export const TINY = 40;

/** Kinds of change, and how much of each changes nothing. */
export const STILL = {
  scale: 1,
  shift: 0,
  rotation: 0,
  noise: 0,
};

/** The amounts of each that are measured. */
export const AMOUNTS = {
  scale: [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.6, 1.8, 2, 2.5],
  shift: [-0.7, -0.6, -0.5, -0.4, -0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7],
  rotation: [-60, -50, -40, -30, -20, -10, 0, 10, 20, 30, 40, 50, 60],
  noise: [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6],
};
