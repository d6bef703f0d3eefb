"""The helpers of ``utils`` under the name that scripts of the original platform use."""

from utils import *  # noqa: F403 - the same names, all of them
