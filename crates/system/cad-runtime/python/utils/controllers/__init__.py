"""Controllers of motors: as functions of time, and as entries of ``assembly_definition.yaml``."""

from utils.controllers import position_based, time_based
from utils.controllers.course import Course

__all__ = ["Course", "position_based", "time_based"]
