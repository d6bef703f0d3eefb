"""Extracts the mechanical parts of the catalogue from bd_warehouse into parts.csv and catalog.json.

Run it with the project's Python (`.tools/python/bin/python crates/system/catalog/data/extract.py`) after bd_warehouse
or the choice of parts has changed, and check the two files in. A second run writes the same bytes: nothing of the
machine, the clock or the order of a set goes in. Electrical parts are written by hand in electrical.csv.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from bd_warehouse import _version
from bd_warehouse.bearing import SingleRowDeepGrooveBallBearing
from bd_warehouse.fastener import HexNut, PlainWasher, SocketHeadCapScrew

HERE = Path(__file__).parent

CATALOG_VERSION = "1.0.0"
# The content is that of the specification's catalogue; its date is fixed, so that a rebuild is the same catalogue.
GENERATED_AT = "2026-02-19T00:00:00Z"
# A released wheel of bd_warehouse tells no commit (`_version.commit_id` is None); then it is the specification's.
SPECIFIED_COMMIT = "a048a73"

STEEL_G_PER_MM3 = 0.00785
MAX_SIZES = 20
# Lengths of screws; of these, each thread gets the ones that its standard lists.
SCREW_LENGTHS_MM = (6, 8, 10, 12, 16, 20, 25, 30, 40, 50)

FIXED_COLUMNS = ("part_id", "class", "size", "name", "kind", "category", "manufacturer", "unit_cost", "quantity_tier")
MORE_COLUMNS = ("weight_g", "volume_mm3", "source", "import_recipe", "aliases", "keywords")
BOX_COLUMNS = ("min_x", "min_y", "min_z", "max_x", "max_y", "max_z")
# `text:` and `figure:` columns become the key figures of a part; an empty cell is a figure that it does not have.
FIGURE_COLUMNS = (
    "text:thread",
    "figure:thread_diameter_mm",
    "figure:pitch_mm",
    "figure:length_mm",
    "figure:across_flats_mm",
    "figure:height_mm",
    "figure:head_diameter_mm",
    "figure:head_height_mm",
    "figure:hex_key_mm",
    "figure:inner_diameter_mm",
    "figure:bore_mm",
    "figure:outer_diameter_mm",
    "figure:width_mm",
    "figure:thickness_mm",
    "text:designation",
    "figure:dynamic_load_n",
    "figure:static_load_n",
    "figure:speed_limit_rpm",
    "text:material",
    "text:standard",
)


Row = dict[str, Any]


@dataclass(frozen=True)
class Family:
    """One class of bd_warehouse, and what its parts have in common."""

    part_class: Callable[..., Any]
    module: str
    fastener_type: str
    standard: str
    kind: str
    category: str
    unit_cost: float
    keywords: str

    @property
    def name(self) -> str:
        return self.part_class.__name__


NUTS = Family(HexNut, "fastener", "iso4032", "ISO 4032", "nut fastener", "nut", 0.05, "hexagon hex nut steel metric")
SCREWS = Family(
    SocketHeadCapScrew,
    "fastener",
    "iso4762",
    "ISO 4762",
    "screw fastener",
    "fastener",
    0.15,
    "socket head cap screw bolt allen machine steel metric",
)
WASHERS = Family(
    PlainWasher, "fastener", "iso7089", "ISO 7089", "washer fastener", "washer", 0.02, "plain flat washer steel metric"
)
BEARINGS = Family(
    SingleRowDeepGrooveBallBearing,
    "bearing",
    "SKT",
    "ISO 15",
    "bearing",
    "bearing",
    2.50,
    "single row deep groove ball bearing rolling radial steel metric",
)


def thread_of(size: str) -> Row:
    """Figures of a thread such as ``M3-0.5``, or of a washer's ``M3``."""
    thread, _, pitch = size.partition("-")
    figures: Row = {"text:thread": thread, "figure:thread_diameter_mm": float(thread[1:])}
    if pitch:
        figures["figure:pitch_mm"] = float(pitch)
    return figures


def record(family: Family, size: str, suffix: str, arguments: Row, figures: Row) -> Row:
    """One row: the part is built, and measured as it is."""
    part = family.part_class(**arguments)
    box = part.bounding_box()
    corners = (*box.min, *box.max)
    volume = part.volume
    call = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    return {
        "part_id": "_".join(filter(None, (family.name, size, suffix))),
        "class": family.name,
        "size": size,
        "name": " ".join(filter(None, (family.name, size, suffix))),
        "kind": family.kind,
        "category": family.category,
        "manufacturer": f"Generic ({family.standard})",
        "unit_cost": family.unit_cost,
        "quantity_tier": "1+",
        "weight_g": volume * STEEL_G_PER_MM3,
        "volume_mm3": volume,
        "source": f"bd_warehouse {_version.version} {family.name} {family.fastener_type}",
        "import_recipe": f"from bd_warehouse.{family.module} import {family.name}\npart = {family.name}({call})",
        "aliases": "",
        "keywords": family.keywords,
        **dict(zip(BOX_COLUMNS, corners, strict=True)),
        "text:material": "steel",
        "text:standard": family.standard,
        **figures,
    }


def sizes(family: Family) -> list[str]:
    return family.part_class.sizes(family.fastener_type)[:MAX_SIZES]


def nuts() -> Iterator[Row]:
    for size in sizes(NUTS):
        data = HexNut(size=size, fastener_type="iso4032").nut_data
        figures = {"figure:across_flats_mm": data["s"], "figure:height_mm": data["m"]}
        yield record(NUTS, size, "", {"size": size, "fastener_type": "iso4032"}, thread_of(size) | figures)


def screws() -> Iterator[Row]:
    for size in sizes(SCREWS):
        sample = SocketHeadCapScrew(size=size, length=20, fastener_type="iso4762")
        data = sample.screw_data
        for length in SCREW_LENGTHS_MM:
            if length not in sample.nominal_lengths:
                continue
            figures = {
                "figure:length_mm": length,
                "figure:head_diameter_mm": data["dk"],
                "figure:head_height_mm": data["k"],
                "figure:hex_key_mm": data["s"],
            }
            arguments = {"size": size, "length": length, "fastener_type": "iso4762"}
            yield record(SCREWS, size, f"{length}mm", arguments, thread_of(size) | figures)


def washers() -> Iterator[Row]:
    for size in sizes(WASHERS):
        data = PlainWasher(size=size, fastener_type="iso7089").washer_data
        figures = {
            "figure:inner_diameter_mm": data["d1"],
            "figure:outer_diameter_mm": data["d2"],
            "figure:thickness_mm": data["h"],
        }
        yield record(WASHERS, size, "iso7089", {"size": size, "fastener_type": "iso7089"}, thread_of(size) | figures)


DESIGNATION = re.compile(r"[0-9]{3,5}(/[0-9.]+)?")
BEARING_TABLE = "data/single_row_deep_groove_ball_bearing_parameters.csv"


def bearing_designations() -> dict[str, str]:
    """Designations by size, as the table writes them. bd_warehouse itself evaluates each cell, so that 618/8 would be
    77.25. The table marks popular items with a star, which does not belong to the designation."""
    with files("bd_warehouse").joinpath(BEARING_TABLE).open(encoding="utf-8", newline="") as file:
        found = {row["Size"]: row["SKT:Designation"].removeprefix("*").strip() for row in csv.DictReader(file)}
    for size, designation in found.items():
        if not DESIGNATION.fullmatch(designation):
            raise ValueError(f"{BEARING_TABLE}: {size} has the designation {designation!r}")
    return found


def bearings() -> Iterator[Row]:
    designations = bearing_designations()
    for size in sizes(BEARINGS):
        data = SingleRowDeepGrooveBallBearing(size=size, bearing_type="SKT").bearing_dict
        figures = {
            "figure:bore_mm": data["d"],
            "figure:outer_diameter_mm": data["D"],
            "figure:width_mm": data["B"],
            "text:designation": designations[size],
            "figure:dynamic_load_n": data["C"] * 1000,
            "figure:static_load_n": data["C0"] * 1000,
            "figure:speed_limit_rpm": data["Speed-limit"],
        }
        yield record(BEARINGS, size, "", {"size": size, "bearing_type": "SKT"}, figures)


def written(value: Any) -> str:
    """Numbers with at most four decimals: the noise of the CAD kernel is far below that."""
    if isinstance(value, int | float):
        return f"{round(value, 4) + 0.0:.4f}".rstrip("0").rstrip(".")
    return str(value)


def main() -> None:
    columns = (*FIXED_COLUMNS, *MORE_COLUMNS, *BOX_COLUMNS, *FIGURE_COLUMNS)
    with (HERE / "parts.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        for source in (nuts, screws, washers, bearings):
            writer.writerows({name: written(value) for name, value in row.items()} for row in source())
    catalog = {
        "catalog_version": CATALOG_VERSION,
        "bd_warehouse_commit": _version.commit_id or SPECIFIED_COMMIT,
        "generated_at": GENERATED_AT,
    }
    (HERE / "catalog.json").write_text(json.dumps(catalog, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
