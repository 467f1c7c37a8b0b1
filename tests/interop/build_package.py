"""Builds a package with the published Python builder: build_package.py PLAN.json.

The plan: output, launcher, seed, page_aligned, metadata, slots [{id, source, target, operations, purpose, lifecycle, permissions}].
"""

import json
import pathlib
import sys

from flavor.psp.format_2025.pspf_builder import PSPFBuilder

plan = json.loads(pathlib.Path(sys.argv[1]).read_text())
builder = PSPFBuilder.create().metadata(**plan["metadata"])
for slot in plan["slots"]:
    builder = builder.add_slot(
        id=slot["id"],
        data=pathlib.Path(slot["source"]),
        target=slot["target"],
        operations=slot["operations"],
        purpose=slot["purpose"],
        lifecycle=slot["lifecycle"],
        permissions=slot["permissions"],
    )
builder = builder.with_keys(seed=plan["seed"])
builder = builder.with_options(launcher_bin=pathlib.Path(plan["launcher"]), page_aligned=plan["page_aligned"])
result = builder.build(plan["output"])
if not result.success:
    sys.exit("; ".join(result.errors))
