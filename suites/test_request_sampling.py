"""temperature, top_p and top_k are numbers in their ranges under 2023-06-01, and gone under 2026-10-21 (REQ-036 to
REQ-042)."""

from conformance.suite import (
    PLAIN,
    Judged,
    accepted,
    assistant,
    cases,
    expects,
    never_5xx,
    per_profile,
    refused,
    requirement,
    text,
    user,
)
from conformance.suite_bodies import (
    DOCUMENT,
    NEWER,
    OLDER,
    OWN_DOCUMENT,
    PONG,
    TEMPERATURE,
    TOP_P,
    blocks,
    newer,
    older,
    said,
)

#: Newer models of the upstream API refuse every value but the default.
accepted_unless_gated = per_profile(myrouter=accepted, anthropic=expects("accepted", open=[400]))
refused_upstream = per_profile(myrouter=never_5xx(), anthropic=refused)

CITATION = {
    "type": "char_location",
    "cited_text": "Ada",
    "document_index": 0,
    "document_title": None,
    "start_char_index": 0,
    "end_char_index": 3,
}


@requirement("REQ-036")
@cases(accepted, temperature=TEMPERATURE, top_p=TOP_P)
def test_default_sampling_values_are_accepted(case: Judged) -> None:
    case.judge()


@requirement("REQ-037")
@cases(
    refused,
    control=TEMPERATURE,
    below=older(PLAIN | {"temperature": -0.1}),
    above=older(PLAIN | {"temperature": 1.1}),
    two=older(PLAIN | {"temperature": 2.0}),
)
def test_a_temperature_out_of_range_is_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-038")
@cases(refused, control=TOP_P, top_p_below=older(PLAIN | {"top_p": -0.5}), top_p_above=older(PLAIN | {"top_p": 1.5}))
@cases(refused, control=OLDER, top_k_below=older(PLAIN | {"top_k": -5}))
def test_top_p_and_top_k_out_of_range_are_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-039")
@cases(
    refused,
    control=TEMPERATURE,
    temperature_word=older(PLAIN | {"temperature": "hot"}),
    temperature_object=older(PLAIN | {"temperature": {}}),
    temperature_array=older(PLAIN | {"temperature": []}),
)
@cases(refused, control=TOP_P, top_p_word=older(PLAIN | {"top_p": "hot"}))
@cases(refused, control=OLDER, top_k_fraction=older(PLAIN | {"top_k": 1.5}))
def test_sampling_values_of_a_wrong_type_are_refused(case: Judged) -> None:
    case.judge()


@requirement("REQ-040")
@cases(
    accepted_unless_gated,
    control=OLDER,
    temperature=older(PLAIN | {"temperature": 0}),
    top_p=older(PLAIN | {"top_p": 0.9}),
    top_k=older(PLAIN | {"top_k": 5}),
)
def test_other_sampling_values_are_accepted(case: Judged) -> None:
    case.judge()


@requirement("REQ-041")
@cases(
    refused_upstream,
    control=NEWER,
    temperature=newer(PLAIN | {"temperature": 1.0}),
    top_p=newer(PLAIN | {"top_p": 1.0}),
    top_k=newer(PLAIN | {"top_k": 40}),
)
def test_sampling_values_are_refused_under_the_newer_version(case: Judged) -> None:
    case.judge()


@requirement("REQ-042")
@cases(
    refused_upstream,
    control=OWN_DOCUMENT,
    assistant_document=newer(said(user("Who wrote it?"), assistant([DOCUMENT]), *PLAIN["messages"])),
)
@cases(
    refused_upstream,
    control=NEWER,
    user_citations=newer(blocks(text("Ada wrote it.", citations=[CITATION]), PONG)),
)
def test_documents_of_the_assistant_and_citations_of_the_user_are_refused_under_the_newer_version(
    case: Judged,
) -> None:
    case.judge()
