"""Charts of a result in Altair, which is imported only here: forest, marginal means, rootogram, residuals."""

from typing import TYPE_CHECKING, Any

import numpy as np

from orchestration.glm.errors import GlmError
from orchestration.glm.inference.calibration import calibrate, rootogram
from orchestration.glm.inference.influence import measure_influence
from orchestration.glm.output.sections import parameter_name, shown_level
from orchestration.glm.output.words import SYNTHETIC_BANNER
from orchestration.glm.results import GlmResult

if TYPE_CHECKING:
    import altair as alt

_WIDTH = 480


def plot_forest(result: GlmResult) -> "alt.LayerChart":
    """Ratios exp(B) with their intervals on a logarithmic axis, a line at 1; B and a line at 0 where none are.

    Raises:
        GlmError: the model has no predictor.
    """
    alt = _altair()

    shown = [
        row for row in result.coefficients if row.parameter_type not in ("threshold", "intercept", "scale", "ancillary")
    ]
    shown = [row for row in shown if row.ci_low is not None]
    if not shown:
        raise GlmError(f"Model {result.info.model_id} has no parameters to draw.")
    is_ratio = all(row.exp_estimate is not None for row in shown)
    values = [
        {
            "parameter": parameter_name(row),
            "estimate": row.exp_estimate if is_ratio else row.estimate,
            "low": row.exp_ci_low if is_ratio else row.ci_low,
            "high": row.exp_ci_high if is_ratio else row.ci_high,
        }
        for row in shown
    ]
    scale = alt.Scale(type="log" if is_ratio else "linear")
    title = "Exp(B), 95 % interval" if is_ratio else "B, 95 % interval"
    order = [value["parameter"] for value in values]
    base = alt.Chart(_data(values)).encode(y=alt.Y("parameter:N", sort=order, title=None))
    line = alt.Chart(_data([{"none": 1.0 if is_ratio else 0.0}])).mark_rule(strokeDash=[4, 4]).encode(x="none:Q")
    bars = base.mark_rule().encode(x=alt.X("low:Q", scale=scale, title=title), x2="high:Q")
    dots = base.mark_point(filled=True, size=60).encode(
        x=alt.X("estimate:Q", scale=scale), tooltip=["parameter:N", "estimate:Q", "low:Q", "high:Q"]
    )
    return (line + bars + dots).properties(title=_title(result, "Parameter estimates"), width=_WIDTH)


def plot_marginal_means(result: GlmResult, factor: str) -> "alt.LayerChart":
    """Marginal means of a factor on the response scale, with intervals; a colour per category of an ordinal model.

    Raises:
        GlmError: the model has no marginal means of this factor.
    """
    alt = _altair()

    values = [
        {
            "level": shown_level(row.level, row.level_label),
            "mean": row.mean,
            "low": row.ci_low,
            "high": row.ci_high,
            "category": row.category or "",
        }
        for row in result.marginal_means
        if row.factor == factor and row.scale == "response" and row.mean is not None
    ]
    if not values:
        raise GlmError(
            f"Model {result.info.model_id} has no marginal means of {factor}; ask for them in marginal_means."
        )
    order = list(dict.fromkeys(value["level"] for value in values))
    base = alt.Chart(_data(values)).encode(x=alt.X("level:N", sort=order, title=factor))
    if any(value["category"] for value in values):
        base = base.encode(color=alt.Color("category:N", title=result.info.response))
    bars = base.mark_rule().encode(y=alt.Y("low:Q", title="mean, 95 % interval"), y2="high:Q")
    dots = base.mark_point(filled=True, size=60).encode(
        y="mean:Q", tooltip=["level:N", "category:N", "mean:Q", "low:Q", "high:Q"]
    )
    return (bars + dots).properties(title=_title(result, f"Marginal means of {factor}"), width=_WIDTH)


def plot_rootogram(result: GlmResult) -> "alt.LayerChart":
    """Hanging rootogram: square roots of the expected frequencies, the observed ones hanging from them.

    Raises:
        GlmError: the response is no count.
    """
    alt = _altair()

    values = [
        {"count": bar.count, "top": np.sqrt(bar.expected), "bottom": np.sqrt(bar.expected) - np.sqrt(bar.observed)}
        for bar in rootogram(result.fitted)
    ]
    base = alt.Chart(_data(values)).encode(x=alt.X("count:Q", title=result.info.response))
    bars = base.mark_bar(color="#9ab").encode(y=alt.Y("bottom:Q", title="√ frequency"), y2="top:Q")
    line = base.mark_line(point=True, color="#8c1d18").encode(y="top:Q")
    return (bars + line).properties(title=_title(result, "Rootogram"), width=_WIDTH)


def plot_residuals(result: GlmResult, kind: str = "standardized_deviance") -> "alt.Chart":
    """Residuals against the linear predictor, a dot's area being its number of cases.

    Raises:
        GlmError: the model is ordinal, or there is no such residual.
    """
    alt = _altair()

    rows = measure_influence(result.fitted).rows()
    if kind not in rows[0]:
        raise GlmError(f"There is no residual {kind}; there are raw, pearson, deviance, anscombe, likelihood.")
    values = [{"eta": row["linear_predictor"], "residual": row[kind], "cases": row["n"]} for row in rows]
    return (
        alt.Chart(_data(values))
        .mark_circle(opacity=0.6)
        .encode(
            x=alt.X("eta:Q", title="linear predictor", scale=alt.Scale(zero=False)),
            y=alt.Y("residual:Q", title=kind.replace("_", " ")),
            size=alt.Size("cases:Q"),
            tooltip=["eta:Q", "residual:Q", "cases:Q"],
        )
        .properties(title=_title(result, "Residuals"), width=_WIDTH)
    )


def plot_calibration(result: GlmResult) -> "alt.LayerChart":
    """Observed against fitted means by tenths of the cases, and the line where they agree."""
    alt = _altair()

    groups = calibrate(result.fitted)
    values = [vars(group) for group in groups]
    ends = [{"at": min(g.fitted for g in groups)}, {"at": max(g.fitted for g in groups)}]
    line = alt.Chart(_data(ends)).mark_line(strokeDash=[4, 4]).encode(x="at:Q", y="at:Q")
    dots = (
        alt.Chart(_data(values))
        .mark_point(filled=True, size=60)
        .encode(
            x=alt.X("fitted:Q", scale=alt.Scale(zero=False)),
            y="observed:Q",
            tooltip=["group:Q", "n:Q", "fitted:Q", "observed:Q"],
        )
    )
    return (line + dots).properties(title=_title(result, "Calibration by tenths"), width=_WIDTH)


def _data(values: list[dict[str, Any]]) -> Any:
    alt = _altair()

    plain = [
        {key: float(item) if isinstance(item, np.floating) else item for key, item in row.items()} for row in values
    ]
    return alt.Data(values=plain)


def _title(result: GlmResult, text: str) -> Any:
    alt = _altair()

    subtitle = [result.info.model_id, *([SYNTHETIC_BANNER] if result.is_synthetic else [])]
    return alt.TitleParams(text=text, subtitle=subtitle)


def _altair() -> Any:
    """The library, imported where a chart is made; its marks are typed too loosely to be checked."""
    import altair

    return altair
