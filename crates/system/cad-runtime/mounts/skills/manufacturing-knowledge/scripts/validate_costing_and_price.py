"""Checks and prices `assembly_definition.yaml`, or the file that the first argument names."""

import sys

from shared.costing_report import main

sys.exit(main(sys.argv[1:]))
