from tendigits.evaluation.accuracy import McNemar, Spread
from tendigits.evaluation.report import Comparison, compare, describe_comparison
from tendigits.evaluation.report.comparison import Pair


def test_a_comparison_is_told_in_tables_that_fit_a_terminal() -> None:
    contenders = compare(["mlp", "mlp"]).contenders
    text = describe_comparison(
        Comparison(
            contenders,
            (
                Pair(("one", "other"), McNemar(30, 5, 1e-5), 2e-5),
                Pair(("one", "third"), McNemar(10, 9, 1), 1),
            ),
            {"mlp": Spread(3, 0.98, 0.001, 0.979, 0.981, (0.9795, 0.9805))},
        )
    )
    lines = text.splitlines()
    assert max(len(line) for line in lines) <= 100
    assert "97.89%" in lines[1]
    assert "97.59 to 98.15%" in lines[1]
    assert any("3 seeds: 98.00 ± 0.10 % (97.90 to 98.10)" in line for line in lines)
    (large,) = (line for line in lines if line.startswith("one / other"))
    (small,) = (line for line in lines if line.startswith("one / third"))
    assert large.split()[3:6] == ["30", "5", "2e-05"]
    assert large.endswith("more than chance")
    assert small.endswith("may be chance")
