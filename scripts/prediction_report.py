"""Errors, rank correlations, gains, table and charts of scripts/validate_predictions. A row is a plan at a batch: its `predicted`
and `measured` quantities and their `errors`, or the `failure` that kept it from being compared."""

import svg_chart
from validation import markdown_table, nearest_rank, spearman

QUANTITIES = {"ttft_ms": "TTFT, ms", "decode_step_ms": "decode step, ms", "output_tokens_per_s": "output tokens/s"}


def summarise(rows):
    """Errors and rank correlations over all rows, and over the rows of each cluster and batch."""
    groups = {"all": rows}
    for row in rows:
        groups.setdefault(f"{row['cluster']}, batch {row['batch']}", []).append(row)
    summary = []
    for group, members in groups.items():
        for name in QUANTITIES:
            errors = [abs(row["errors"][name]) for row in members]
            sides = ([row[side][name] for row in members] for side in ("predicted", "measured"))
            summary.append({"rows": group, "plans": len({row["plan"] for row in members}), "quantity": name,
                            "median_error": nearest_rank(errors, 0.5), "worst_error": max(errors),
                            "rank_correlation": spearman(*sides)})
    return summary


def alone_ms(row, side):
    """Latency of the batch: until all have their first token, and the steps behind it."""
    return row[side]["ttft_ms"] + (row["output_tokens"] - 1) * row[side]["decode_step_ms"]


def gain(rows, value):
    """`value` of the searched plan over that of the best symmetric plan, both measured and predicted. The searched plan is the
    one that is predicted best, the symmetric one that which turned out best; lower values are better."""
    searched = [row for row in rows if row["plan"].startswith("search")]
    symmetric = [row for row in rows if row["plan"].startswith("symmetric")]
    if not searched or not symmetric:
        return None
    ours = min(searched, key=lambda row: value(row, "predicted"))
    best = min(symmetric, key=lambda row: value(row, "measured"))
    return {"batch": ours["batch"], "searched": ours["plan"], "symmetric": best["plan"],
            **{side: value(best, side) / value(ours, side) for side in ("measured", "predicted")}}


def gains(rows):
    """How many times faster the searched plans of each cluster are: alone at the smallest batch, in tokens at the largest."""
    results = []
    for cluster in sorted({row["cluster"] for row in rows}):
        of_cluster = [row for row in rows if row["cluster"] == cluster]
        for name, pick, value in (("latency", min, alone_ms),
                                  ("tokens/s", max, lambda row, side: 1 / row[side]["output_tokens_per_s"])):
            batch = pick(row["batch"] for row in of_cluster)
            result = gain([row for row in of_cluster if row["batch"] == batch], value)
            results += [dict(result, cluster=cluster, quantity=name)] if result else []
    return results


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def percent(value):
    return f"{100 * value:+.1f} %"


def markdown(rows, summary, searched):
    header = ["plan", "cluster", "batch"]
    for label in QUANTITIES.values():
        header += [f"{label}: predicted", "measured", "error"]
    table = [[row["plan"], row["cluster"], str(row["batch"])]
             + [cell for name in QUANTITIES for cell in (number(row["predicted"][name]), number(row["measured"][name]),
                                                         percent(row["errors"][name]))]
             for row in rows if "failure" not in row]
    text = "Error = (predicted - measured) / measured.\n\n" + markdown_table(header, table)
    failures = [f"- {row['plan']} ({row['cluster']}): {row['failure']}" for row in rows if "failure" in row]
    if failures:
        text += "\nNot compared:\n\n" + "\n".join(failures) + "\n"
    text += "\n" + markdown_table(
        ["rows", "plans", "quantity", "median abs. error", "worst", "rank correlation"],
        [[entry["rows"], str(entry["plans"]), QUANTITIES[entry["quantity"]], f"{100 * entry['median_error']:.1f} %",
          f"{100 * entry['worst_error']:.1f} %",
          "-" if entry["rank_correlation"] is None else f"{entry['rank_correlation']:.3f}"] for entry in summary])
    if searched:
        text += "\nSearched plan against the best symmetric one, times as fast:\n\n" + markdown_table(
            ["cluster", "quantity", "batch", "searched", "symmetric", "predicted", "measured"],
            [[entry["cluster"], entry["quantity"], str(entry["batch"]), entry["searched"], entry["symmetric"],
              f"{entry['predicted']:.2f}", f"{entry['measured']:.2f}"] for entry in searched])
    return text


def write_charts(rows, out):
    for name, label in QUANTITIES.items():
        series = {}
        for row in rows:
            series.setdefault(f"{row['cluster']}, {row['batch']}", []).append((row["measured"][name], row["predicted"][name]))
        chart = svg_chart.agreement_chart(f"{label}: lines at 0, 10 and 20 %", "measured", "predicted", list(series.items()))
        (out / f"{name}.svg").write_text(chart, encoding="utf-8")
