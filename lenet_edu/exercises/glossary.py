"""The terms of the course: what each means, and the notebook where it first appears in bold.

`TERMS` has a block for each notebook, in the course's order. tools/notebooks/glossary.py makes the page
notebooks/glossary.ipynb from it; a test holds the blocks and the bold words of the notebooks together.
"""

# fmt: off
TERMS: dict[str, dict[str, str]] = {
    "00": {
        "network": "A function with many adjustable numbers, built of simple parts in layers. LeNet-5 takes an image and gives ten numbers, one for each digit.",
        "layer": "A group of units that all do the same kind of work on what the layer before gives them. LeNet-5 has seven; the image itself is not counted.",
        "feature map": "The picture that a detector makes: for each place of the image one number that says how well the detector's pattern fits there.",
        "kernel": "The small window of weights that slides over an image. In LeNet-5 it has 5 rows and 5 columns.",
        "weight": "A number by which an input is multiplied. Training finds the weights.",
        "parameter": "A number that training may change: a weight, a bias or a coefficient. LeNet-5 has 60,000.",
        "training": "Showing a network many examples with their right answers, and changing its parameters a little after each, so that the next answer is better.",
        "test digits": "Digits that are kept away from training and are looked at once, at the end, to see how well a network reads what it has never seen.",
    },
    "01": {
        "pixel": "One place of an image, with one number for how dark it is.",
        "tensor": "A table of numbers with any number of directions. Its shape says how long it is in each: ten images of 32 by 32 pixels with one number a pixel have the shape (10, 1, 32, 32).",
        "ink": "How dark a pixel is, from 0 for paper to 1 for the darkest stroke.",
        "glyph": "The digit without the paper round it, scaled so that its longer side has 20 pixels.",
        "centre of mass": "The point where a shape would balance: the mean of the rows and of the columns, where a pixel with more ink counts more.",
        "mean": "The sum of all values divided by how many there are.",
        "variance": "How far values lie from their mean: the mean of the squared distances. Its square root is the standard deviation.",
    },
    "02": {
        "unit": "The smallest part of a network: it reads some numbers, computes one number from them and passes it on. Also called a neuron.",
        "weighted sum": "Each input times its weight, all added, plus the bias.",
        "bias": "A number that is added to a unit's weighted inputs. It moves the point from which the unit responds.",
        "squash": "The function at the end of a unit that keeps its output between two limits; in LeNet-5 1.7159 tanh(2a/3). Generally it is called an activation function.",
        "convolution": "The same kernel applied at every place of an image. The result is a feature map.",
        "cross-correlation": "What networks compute under the name of convolution: the kernel is not turned by half a turn first, as mathematics has it.",
        "receptive field": "The part of the input image that can influence a unit.",
        "connection": "One number on its way into a unit: an input times a weight, or the bias. Many connections may share one parameter.",
        "ledger": "This course's table of shapes, parameters and connections: one row for each layer.",
        "weight sharing": "All units of a map use the same weights and the same bias.",
        "equivariance": "When the input moves, the output moves with it and is otherwise the same.",
        "stride": "How many places a kernel moves at each step.",
        "padding": "A frame of extra pixels round an image, so that a kernel can also stand at its edge.",
    },
    "03": {
        "subsampling": "Making a map smaller. In LeNet-5: add the four values of each square of 2 by 2, multiply by a coefficient, add a bias, squash.",
        "coefficient": "The one weight of a map in a subsampling layer. It multiplies the sum of the four inputs.",
        "saturation": "A unit is saturated when its squash is so flat that a change of its input hardly changes its output.",
        "average pooling": "Subsampling without parameters: the mean of the values of each square.",
        "max pooling": "Subsampling without parameters: the largest value of each square.",
    },
    "04": {
        "connection table": "The table that says which maps of the layer below each map reads. In the paper it is Table I, for C3.",
        "gradient": "For each parameter: how much the error grows when this parameter grows a little. Training moves against it.",
        "symmetry breaking": "Making sure that units which begin alike can become different.",
        "validation digits": "Digits that are kept away from training and are used to compare networks and settings while you work.",
    },
    "05": {
        "bi-pyramid": "The form of LeNet-5's first half: from layer to layer the maps become smaller, and there are more of them.",
        "invariance": "The output stays the same although the input changes in a certain way, such as by moving.",
        "robustness": "How far an input can be changed before the network's answers become wrong.",
    },
    "06": {
        "fully connected layer": "A layer in which every unit reads every number of the layer below.",
        "multiply-add": "One multiplication and one addition: the usual measure of how much a network has to compute.",
        "space displacement network": "A network that slides over a wide picture, such as a line of digits, and gives an answer for each place.",
    },
    "07": {
        "code": "The picture of 7 by 12 pixels that F6 should show for a character: 1 for ink and -1 for paper.",
        "one-hot": "One output for each class: high for the right class, low for the others.",
    },
    "08": {
        "radial basis function": "A unit whose value depends only on how far its input is from a point of its own. In LeNet-5: the squared distance of F6 to a code.",
        "Hamming distance": "The number of places in which two pictures (or texts) of the same size differ.",
        "loss": "The one number that says how wrong a network is on some examples. Training makes it smaller.",
        "collapse": "What happens when codes may move and the loss only asks to be near them: all codes become one point.",
        "rubbish class": "A class for everything that is no digit, in equation 9: as if one more code lay at a fixed distance.",
        "probability": "A number from 0 to 1 that says how sure something is. The probabilities of all classes add up to 1.",
        "softmax": "The formula that makes probabilities of numbers: e to the power of each, divided by the sum of all.",
        "temperature": "A number by which distances or scores are divided before the softmax, so that a network is as sure as it is right.",
    },
    "09": {
        "multilayer perceptron": "A network of fully connected layers only, also called an MLP.",
    },
    "10": {
        "slope": "How much a number changes when another one grows a little, divided by that little: also called a derivative.",
        "chain rule": "Where one number depends on a second, and that on a third, the slope of the whole is the product of the slopes of its links.",
        "back-propagation": "Computing the slopes of the loss in all weights, layer by layer from the last to the first.",
        "delta": "The slope of the loss in the weighted sum of a unit, before its squash.",
        "learning rate": "The number by which a slope is multiplied to give the step of its weight.",
        "gradient descent": "Moving all weights a little against their slopes, again and again.",
        "loss surface": "The loss over two or more weights, seen as a landscape: training looks for a low place.",
        "curvature": "How quickly the slope itself changes. Where the curvature is large, steps must be small.",
        "momentum": "A share of the last step that is added to the next one, so that steps in the same direction add up.",
        "stochastic gradient descent": "Gradient descent that takes the slopes from a few examples at a time, in random order.",
    },
    "11": {
        "batch": "The examples that go through the network together before the weights move once.",
        "recipe": "All choices of a training together: rate, momentum, size of a batch, number of epochs, distortions.",
        "distortion": "A small random change of a training image, such as a shift or a turn, after which it still shows the same thing.",
        "epoch": "One pass through all training examples.",
        "overfitting": "Learning the training examples by heart: the loss on them falls, and the loss on others rises.",
        "dead unit": "A unit whose ReLU gives zero for every input. Its slope is zero too, so training cannot bring it back.",
    },
    "12": {
        "saliency": "The slope of a score in the pixels of the picture: how much the score would change if a pixel changed a little.",
    },
    "13": {
        "dropout": "Silencing some units at random while a network trains, so that it does not rely on any one of them.",
        "data leakage": "Something of the test or validation examples is known in training, such as a copy of them, so that the measured accuracy is too high.",
    },
    "14": {
        "stochastic diagonal Levenberg-Marquardt": "The training of 1998: after each digit every parameter moves against its slope, and its step is divided by its own curvature plus a constant.",
    },
    "15": {
        "boosting": "Training several networks one after the other, each on examples that are hard for those before it, and adding their outputs.",
    },
}
# fmt: on
