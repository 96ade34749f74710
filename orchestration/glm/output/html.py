"""Results as one HTML page that needs nothing else: a contents list, then the sections of every model."""

from collections.abc import Sequence
from html import escape

from orchestration.glm.output.comparison import compare_models
from orchestration.glm.output.sections import Section, banners, list_sections
from orchestration.glm.output.text import shown
from orchestration.glm.results import GlmResult

_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#1c2430;background:#fff;max-width:75rem;margin:2rem auto;padding:0 1rem}
h2{margin-top:3rem;border-bottom:2px solid #1c2430}
h3{margin:2rem 0 .4rem;font-size:1.05rem}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.15rem .7rem;text-align:left;border-bottom:1px solid #dde1e7}
th{border-bottom:1px solid #1c2430;font-weight:600}
td.number,th.number{text-align:right}
.note{color:#56606e;font-size:.9rem;margin:.2rem 0}
.banner{background:#8c1d18;color:#fff;padding:.6rem 1rem;font-weight:600}
"""


def render_html(results: Sequence[GlmResult], title: str, *, with_matrices: bool = False) -> str:
    """The page, as text; the covariance and correlation matrices on request."""
    parts = [f'<p class="banner" role="alert">{escape(text)}</p>' for text in banners(results)]
    parts.append(f"<h1>{escape(title)}</h1>")
    if len(results) > 1:
        links = "".join(
            f'<li><a href="#model-{index}">{escape(result.info.model_id)}</a></li>'
            for index, result in enumerate(results)
        )
        parts.append(f"<nav><ul>{links}</ul></nav>")
        parts += [_section(section) for section in compare_models(results)]
    for index, result in enumerate(results):
        parts.append(f'<h2 id="model-{index}">{escape(result.info.model_id)}</h2>')
        parts += [_section(section) for section in list_sections(result, with_matrices=with_matrices)]
    body = "\n".join(parts)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _section(section: Section) -> str:
    numeric = [
        any(isinstance(row[index], int | float) for row in section.rows) for index in range(len(section.columns))
    ]
    head = ""
    if any(section.columns):
        cells = zip(section.columns, numeric, strict=True)
        head = "<thead><tr>" + "".join(_cell("th", name, is_number) for name, is_number in cells) + "</tr></thead>"
    body = "".join(
        "<tr>" + "".join(_cell("td", shown(v), n, v) for v, n in zip(row, numeric, strict=True)) + "</tr>"
        for row in section.rows
    )
    notes = "".join(f'<p class="note">{escape(note)}</p>' for note in section.notes)
    table = f'<div class="wide"><table>{head}<tbody>{body}</tbody></table></div>'
    return f"<section><h3>{escape(section.title)}</h3>{table}{notes}</section>"


def _cell(tag: str, text: str, is_number: bool, value: object = None) -> str:
    kind = ' class="number"' if is_number else ""
    exact = f' title="{value!r}"' if isinstance(value, float) else ""
    scope = ' scope="col"' if tag == "th" else ""
    return f"<{tag}{kind}{scope}{exact}>{escape(text)}</{tag}>"
