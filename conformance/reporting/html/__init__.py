"""The report as one self-contained HTML page; `page` is a row of the table of reports."""

from conformance.reporting.html.page import LARGEST, page

__all__ = ["LARGEST", "page"]
