import pandas as pd
import pytest

from bam_pipelines.analysis.pair_estimates import pair_estimates
from bam_pipelines.analysis.rates import RATE_COLUMNS, rates_table


@pytest.fixture
def study(pair_table_of):
    """Two pairs, two digit pairs, customised stimuli at two doses and unguided ones."""
    doses = [
        pair_table_of(
            ("ab", "individual", (3, 8), {"targeted": targeted, "bias": 4}),
            ("cd", "individual", (7, 1), {"targeted": targeted, "opposite": 1, "failure": 3}),
            margin=margin,
        )
        for margin, targeted in ((0.25, 2), (1.0, 4))
    ]
    return pd.concat([*doses, pair_table_of(("ab", "none", (3, 8), {"opposite": 1, "bias": 4}))], ignore_index=True)


def test_rates_at_every_level_by_hand(study):
    table = rates_table(study)
    assert list(table.columns) == RATE_COLUMNS
    assert table.groupby("level").size().to_dict() == {"digit_pair": 3, "dose": 2, "pair": 3, "source": 2}
    rows = table.set_index(["level", "key", "source"])
    whole = rows.loc[("source", "individual", "individual")]
    # 6 targeted of ab, 6 targeted and 2 opposite of cd, of 14 and 14
    assert (whole["n"], whole["success"]) == (28, pytest.approx(14 / 28))
    assert whole["net_directed_success"] == pytest.approx(10 / 28) and whole["targeted_ratio"] == pytest.approx(12 / 14)
    weak, strong = rows.loc[("dose", "0.25", "individual")], rows.loc[("dose", "1", "individual")]
    assert (weak["margin"], weak["net_directed_success"]) == (0.25, pytest.approx((2 + 1) / 12))
    assert (strong["margin"], strong["net_directed_success"]) == (1.0, pytest.approx((4 + 3) / 16))
    assert rows.loc[("pair", "ab", "none"), "net_directed_success"] == pytest.approx(-0.2)
    # 1-7 was cd's, with 6 targeted and 2 opposite; 3-8 ab's, with 6 targeted
    assert rows.loc[("digit_pair", "1-7", "individual"), "success"] == pytest.approx(8 / 14)
    assert rows.loc[("digit_pair", "3-8", "individual"), "success"] == pytest.approx(6 / 14)
    assert weak["low"] < weak["net_directed_success"] < weak["high"]
    assert (weak["interval"], rows.loc[("pair", "ab", "none"), "interval"]) == ("people and digits", "stimuli")
    # one group's answers do not vary between groups; those of a single pair are taken over its stimuli
    alone = rates_table(study[study["pair_id"] == "ab"]).set_index(["level", "source"]).loc[("source", "none")]
    assert alone["interval"] == "stimuli" and alone["low"] < -0.2 < alone["high"]
    # Wilson, 1 of 5
    assert (alone["success_low"], alone["success_high"]) == (
        pytest.approx(0.0362, abs=1e-4),
        pytest.approx(0.6245, abs=1e-4),
    )


def test_estimates_stand_beside_the_shares(study):
    estimates, populations = pair_estimates(study)
    row = estimates.query("source == 'individual' and measure == 'targeted_ratio' and pair_id == 'cd'").iloc[0]
    assert (row["n"], row["count"], row["share"]) == (8, 6, 0.75)
    assert 0.75 < row["estimate"] < 1 and row["low"] < row["estimate"] < row["high"]
    # one success, so that all of them went one way
    assert populations["none"]["targeted_ratio"] == {"mean": None, "concentration": None}
    assert estimates.query("source == 'none' and measure == 'targeted_ratio'")["estimate"].isna().all()
