"""The terms of the course: what each means, and the notebook where it first appears in bold.

`TERMS` has a block for each notebook, in the course's order. tools/notebooks/glossary.py makes the page
notebooks/glossary.ipynb from it; a test holds the blocks and the bold words of the notebooks together.
"""

from lenet_edu.system.language import Text

# What stands above the terms, and behind each.
HEAD = Text(
    "# Glossary\n\n"
    "Each term stands in bold where the course explains it first; the link leads there. In the notebooks, the link "
    "*Glossary* at the top of each page leads here. Back to [00 Start here](00_start_here.ipynb)."
)
FIRST = Text("First in [{title}]({name}.ipynb).")
OTHER = Text("The same in two languages, side by side: {pages}.")

# fmt: off
TERMS: dict[str, dict[str, str]] = {
    "00": {
        Text("network"): Text("A function with many adjustable numbers, built of simple parts in layers. LeNet-5 takes an image and gives ten numbers, one for each digit."),
        Text("layer"): Text("A group of units that all do the same kind of work on what the layer before gives them. LeNet-5 has seven; the image itself is not counted."),
        Text("feature map"): Text("The picture that a detector makes: for each place of the image one number that says how well the detector's pattern fits there."),
        Text("kernel"): Text("The small window of weights that slides over an image. In LeNet-5 it has 5 rows and 5 columns."),
        Text("weight"): Text("A number by which an input is multiplied. Training finds the weights."),
        Text("parameter"): Text("A number that training may change: a weight, a bias or a coefficient. LeNet-5 has 60,000."),
        Text("training"): Text("Showing a network many examples with their right answers, and changing its parameters a little after each, so that the next answer is better."),
        Text("test digits"): Text("Digits that are kept away from training and are looked at once, at the end, to see how well a network reads what it has never seen."),
    },
    "01": {
        Text("pixel"): Text("One place of an image, with one number for how dark it is."),
        Text("tensor"): Text("A table of numbers with any number of directions. Its shape says how long it is in each: ten images of 32 by 32 pixels with one number a pixel have the shape (10, 1, 32, 32)."),
        Text("ink"): Text("How dark a pixel is, from 0 for paper to 1 for the darkest stroke."),
        Text("glyph"): Text("The digit without the paper round it, scaled so that its longer side has 20 pixels."),
        Text("centre of mass"): Text("The point where a shape would balance: the mean of the rows and of the columns, where a pixel with more ink counts more."),
        Text("mean"): Text("The sum of all values divided by how many there are."),
        Text("variance"): Text("How far values lie from their mean: the mean of the squared distances. Its square root is the standard deviation."),
    },
    "02": {
        Text("unit"): Text("The smallest part of a network: it reads some numbers, computes one number from them and passes it on. Also called a neuron."),
        Text("weighted sum"): Text("Each input times its weight, all added, plus the bias."),
        Text("bias"): Text("A number that is added to a unit's weighted inputs. It moves the point from which the unit responds."),
        Text("squash"): Text("The function at the end of a unit that keeps its output between two limits; in LeNet-5 1.7159 tanh(2a/3). Generally it is called an activation function."),
        Text("convolution"): Text("The same kernel applied at every place of an image. The result is a feature map."),
        Text("cross-correlation"): Text("What networks compute under the name of convolution: the kernel is not turned by half a turn first, as mathematics has it."),
        Text("receptive field"): Text("The part of the input image that can influence a unit."),
        Text("connection"): Text("One number on its way into a unit: an input times a weight, or the bias. Many connections may share one parameter."),
        Text("ledger"): Text("This course's table of shapes, parameters and connections: one row for each layer."),
        Text("weight sharing"): Text("All units of a map use the same weights and the same bias."),
        Text("equivariance"): Text("When the input moves, the output moves with it and is otherwise the same."),
        Text("stride"): Text("How many places a kernel moves at each step."),
        Text("padding"): Text("A frame of extra pixels round an image, so that a kernel can also stand at its edge."),
    },
    "03": {
        Text("subsampling"): Text("Making a map smaller. In LeNet-5: add the four values of each square of 2 by 2, multiply by a coefficient, add a bias, squash."),
        Text("coefficient"): Text("The one weight of a map in a subsampling layer. It multiplies the sum of the four inputs."),
        Text("saturation"): Text("A unit is saturated when its squash is so flat that a change of its input hardly changes its output."),
        Text("average pooling"): Text("Subsampling without parameters: the mean of the values of each square."),
        Text("max pooling"): Text("Subsampling without parameters: the largest value of each square."),
    },
    "04": {
        Text("connection table"): Text("The table that says which maps of the layer below each map reads. In the paper it is Table I, for C3."),
        Text("gradient"): Text("For each parameter: how much the error grows when this parameter grows a little. Training moves against it."),
        Text("symmetry breaking"): Text("Making sure that units which begin alike can become different."),
        Text("validation digits"): Text("Digits that are kept away from training and are used to compare networks and settings while you work."),
    },
    "05": {
        Text("bi-pyramid"): Text("The form of LeNet-5's first half: from layer to layer the maps become smaller, and there are more of them."),
        Text("invariance"): Text("The output stays the same although the input changes in a certain way, such as by moving."),
        Text("robustness"): Text("How far an input can be changed before the network's answers become wrong."),
    },
    "06": {
        Text("fully connected layer"): Text("A layer in which every unit reads every number of the layer below."),
        Text("multiply-add"): Text("One multiplication and one addition: the usual measure of how much a network has to compute."),
        Text("space displacement network"): Text("A network that slides over a wide picture, such as a line of digits, and gives an answer for each place."),
    },
    "07": {
        Text("code"): Text("The picture of 7 by 12 pixels that F6 should show for a character: 1 for ink and -1 for paper."),
        Text("one-hot"): Text("One output for each class: high for the right class, low for the others."),
    },
    "08": {
        Text("radial basis function"): Text("A unit whose value depends only on how far its input is from a point of its own. In LeNet-5: the squared distance of F6 to a code."),
        Text("Hamming distance"): Text("The number of places in which two pictures (or texts) of the same size differ."),
        Text("loss"): Text("The one number that says how wrong a network is on some examples. Training makes it smaller."),
        Text("collapse"): Text("What happens when codes may move and the loss only asks to be near them: all codes become one point."),
        Text("rubbish class"): Text("A class for everything that is no digit, in equation 9: as if one more code lay at a fixed distance."),
        Text("probability"): Text("A number from 0 to 1 that says how sure something is. The probabilities of all classes add up to 1."),
        Text("softmax"): Text("The formula that makes probabilities of numbers: e to the power of each, divided by the sum of all."),
        Text("temperature"): Text("A number by which distances or scores are divided before the softmax, so that a network is as sure as it is right."),
    },
    "09": {
        Text("multilayer perceptron"): Text("A network of fully connected layers only, also called an MLP."),
    },
    "10": {
        Text("slope"): Text("How much a number changes when another one grows a little, divided by that little: also called a derivative."),
        Text("chain rule"): Text("Where one number depends on a second, and that on a third, the slope of the whole is the product of the slopes of its links."),
        Text("back-propagation"): Text("Computing the slopes of the loss in all weights, layer by layer from the last to the first."),
        Text("delta"): Text("The slope of the loss in the weighted sum of a unit, before its squash."),
        Text("learning rate"): Text("The number by which a slope is multiplied to give the step of its weight."),
        Text("gradient descent"): Text("Moving all weights a little against their slopes, again and again."),
        Text("loss surface"): Text("The loss over two or more weights, seen as a landscape: training looks for a low place."),
        Text("curvature"): Text("How quickly the slope itself changes. Where the curvature is large, steps must be small."),
        Text("momentum"): Text("A share of the last step that is added to the next one, so that steps in the same direction add up."),
        Text("stochastic gradient descent"): Text("Gradient descent that takes the slopes from a few examples at a time, in random order."),
    },
    "11": {
        Text("batch"): Text("The examples that go through the network together before the weights move once."),
        Text("recipe"): Text("All choices of a training together: rate, momentum, size of a batch, number of epochs, distortions."),
        Text("distortion"): Text("A small random change of a training image, such as a shift or a turn, after which it still shows the same thing."),
        Text("epoch"): Text("One pass through all training examples."),
        Text("overfitting"): Text("Learning the training examples by heart: the loss on them falls, and the loss on others rises."),
        Text("dead unit"): Text("A unit whose ReLU gives zero for every input. Its slope is zero too, so training cannot bring it back."),
    },
    "12": {
        Text("saliency"): Text("The slope of a score in the pixels of the picture: how much the score would change if a pixel changed a little."),
    },
    "13": {
        Text("dropout"): Text("Silencing some units at random while a network trains, so that it does not rely on any one of them."),
        Text("data leakage"): Text("Something of the test or validation examples is known in training, such as a copy of them, so that the measured accuracy is too high."),
    },
    "14": {
        Text("stochastic diagonal Levenberg-Marquardt"): Text("The training of 1998: after each digit every parameter moves against its slope, and its step is divided by its own curvature plus a constant."),
    },
    "15": {
        Text("boosting"): Text("Training several networks one after the other, each on examples that are hard for those before it, and adding their outputs."),
    },
}
# fmt: on
