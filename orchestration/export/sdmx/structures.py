"""Concepts, code lists, data structures and dataflows as objects of the information model of SDMX 2.1."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sdmx.model import common, v21

from orchestration.export.sdmx.codelists import CodeListContent
from orchestration.export.sdmx.flows import AGENCY, VERSION, Component, Flow

# Concept: its name, and the code list or the type of its values.
_CONCEPTS: dict[str, tuple[str, str]] = {
    "FREQ": ("Frequency", "CL_FREQ"),
    "SOURCE_AGENCY": ("Agency that publishes the figure", "CL_SOURCE_AGENCY"),
    "REPORTING_AREA": ("Country whose statistics count the move", "CL_AREA"),
    "COUNTED_AS": ("Whether the reporting area counts an arrival or a departure", "CL_COUNTED_AS"),
    "ORIGIN": ("Territory that the persons left", "CL_AREA"),
    "DESTINATION": ("Territory to which they moved", "CL_AREA"),
    "REF_AREA": ("Reference area", "CL_AREA"),
    "COUNTERPART_AREA": ("Partner territory or group", "CL_AREA"),
    "MEASURE": ("Measure", "CL_MEASURE"),
    "POPULATION_GROUP": ("Population group", "CL_POPULATION_GROUP"),
    "SEX": ("Sex", "CL_SEX"),
    "AGE": ("Age", "CL_AGE"),
    "EDITION": ("Edition that prints the figure", "CL_EDITION"),
    "TIME_PERIOD": ("Time period or day", "observationalTimePeriod"),
    "OBS_VALUE": ("Observation", "double"),
    "UNIT_MEASURE": ("Unit of measure", "CL_UNIT_MEASURE"),
    "UNIT_MULT": ("Unit multiplier", "CL_UNIT_MULT"),
    "DECIMALS": ("Decimals", "CL_DECIMALS"),
    "OBS_STATUS": ("Observation status", "CL_OBS_STATUS"),
    "GROUP_DEFINITION": ("Definition of the partner group, where there are several", "string"),
    "ROUNDING_HALF_WIDTH": ("Persons by which the true figure may differ from the printed one", "integer"),
}
_OWNER = common.Agency(id=AGENCY, name={"en": "Frontier migration warehouse"})
_OWN: dict[str, Any] = {"version": VERSION, "maintainer": _OWNER, "is_final": False, "is_external_reference": False}


@dataclass(frozen=True)
class Structures:
    """All that a structure message holds."""

    concepts: common.ConceptScheme
    code_lists: dict[str, common.Codelist]
    dataflows: tuple[v21.DataflowDefinition, ...]

    def dataflow(self, flow: Flow) -> v21.DataflowDefinition:
        """The dataflow with the id of `flow`."""
        return next(one for one in self.dataflows if one.id == flow.id)


def build_structures(flows: Iterable[Flow], contents: Mapping[str, CodeListContent]) -> Structures:
    """The structures of these dataflows; code lists that none of them uses are left out."""
    flows = tuple(flows)
    used = {component.id for flow in flows for component in flow.components}
    concepts = common.ConceptScheme(id="CS_FRONTIER", name={"en": "Concepts"}, **_OWN)
    for concept_id, (name, _) in _CONCEPTS.items():
        if concept_id in used:
            concepts.append(common.Concept(id=concept_id, name={"en": name}))
    lists = {
        list_id: _code_list(contents[list_id])
        for list_id in sorted({_CONCEPTS[one][1] for one in used} & contents.keys())
    }
    return Structures(concepts, lists, tuple(_dataflow(flow, concepts, lists) for flow in flows))


def _code_list(content: CodeListContent) -> common.Codelist:
    owner = _OWNER if content.agency == AGENCY else common.Agency(id=content.agency)
    codes = common.Codelist(
        id=content.id,
        version=content.version,
        maintainer=owner,
        name={"en": content.name},
        is_partial=content.is_partial,
        is_final=False,
        is_external_reference=False,
    )
    by_id = {}
    for entry in content.codes:
        code = common.Code(id=entry.id, name=entry.names)
        if entry.description:
            code.description = {"en": entry.description}
        if entry.natural_id != entry.id:
            code.annotations.append(common.Annotation(id="NATURAL_ID", title=entry.natural_id))
        by_id[entry.id] = codes.append(code) or code
    for entry in content.codes:
        if entry.parent:
            by_id[entry.parent].append_child(by_id[entry.id])
    return codes


def _dataflow(
    flow: Flow, concepts: common.ConceptScheme, lists: Mapping[str, common.Codelist]
) -> v21.DataflowDefinition:
    structure = v21.DataStructureDefinition(id=flow.id.replace("DF_", "DSD_", 1), name={"en": flow.title}, **_OWN)
    structure.dimensions.id = "DimensionDescriptor"
    structure.attributes.id = "AttributeDescriptor"
    structure.measures.id = "MeasureDescriptor"
    for order, component in enumerate(flow.of("dimension"), start=1):
        structure.dimensions.append(common.Dimension(order=order, **_parts(component, concepts, lists)))
    for component in flow.of("time"):
        parts = _parts(component, concepts, lists)
        structure.dimensions.append(common.TimeDimension(order=len(structure.dimensions) + 1, **parts))
    for component in flow.of("measure"):
        structure.measures.append(v21.PrimaryMeasure(**_parts(component, concepts, lists)))
    series = [one for one in structure.dimensions if not isinstance(one, common.TimeDimension)]
    for component in flow.of("series"):
        structure.attributes.append(
            common.DataAttribute(
                related_to=v21.DimensionRelationship(dimensions=series),
                usage_status=_usage(component),
                **_parts(component, concepts, lists),
            )
        )
    for component in flow.of("observation"):
        structure.attributes.append(
            common.DataAttribute(
                related_to=v21.PrimaryMeasureRelationship(),
                usage_status=_usage(component),
                **_parts(component, concepts, lists),
            )
        )
    return v21.DataflowDefinition(id=flow.id, name={"en": flow.title}, structure=structure, **_OWN)


def _usage(component: Component) -> common.UsageStatus:
    is_always_there = component.id in {"UNIT_MEASURE", "UNIT_MULT", "OBS_STATUS", "EDITION"}
    return common.UsageStatus.mandatory if is_always_there else common.UsageStatus.conditional


def _parts(
    component: Component, concepts: common.ConceptScheme, lists: Mapping[str, common.Codelist]
) -> dict[str, Any]:
    kind = _CONCEPTS[component.id][1]
    if kind in lists:
        representation = common.Representation(enumerated=lists[kind])
    else:
        facet = common.Facet(value_type=common.FacetValueType[kind])
        representation = common.Representation(non_enumerated=[facet])
    return {
        "id": component.id,
        "concept_identity": concepts[component.id],
        "local_representation": representation,
    }
