"""The LeNet-5 laboratory. Import what you need from its modules: `from lenet_edu.models import LeNet5`."""
