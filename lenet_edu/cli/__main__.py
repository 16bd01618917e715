"""`python -m lenet_edu.cli` is `lenet-edu`."""

import sys

from lenet_edu.cli.main import main

sys.exit(main())
