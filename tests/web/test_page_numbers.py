"""Numbers of every magnitude, as the page shows them."""

import re

import numpy as np
import pytest
from page_numbers import shown

import convstep

POWER = re.compile(r"−?\d(\.\d)?e[−+]\d+")


def is_shown_as_zero(text: str) -> bool:
    return re.fullmatch(r"−?0(\.0*)?", text) is not None


@pytest.mark.parametrize("width", [360, 1280])
def test_small_numbers_are_not_shown_as_zeros(opened, width):
    random = np.random.default_rng(1)
    A_prev, W = random.normal(size=(1, 6, 6, 2)), random.normal(size=(3, 3, 2, 2)) * 1e-3
    page = opened(convstep.explain(A_prev, W), width=width)
    fields = page.locator(".weights .number-field").evaluate_all("(all) => all.map(({ value }) => value)")
    for texts in (fields, shown(page, "output")):
        assert all(POWER.fullmatch(text) for text in texts)
    np.testing.assert_allclose([float(text.replace("−", "-")) for text in fields], W[:, :, 0, 0].ravel(), rtol=0.5)
    products = page.locator(".term .product").all_inner_texts() + page.locator(".term .factor").all_inner_texts()
    assert len(products) == 54
    assert not any(is_shown_as_zero(text.removeprefix("× ")) for text in products)
    terms = re.findall(r"[−\d.e]+", page.locator(".written-out").inner_text().partition("=")[2])
    assert len(terms) == 37
    assert [text for text in terms if is_shown_as_zero(text)] == ["0.0000"]  # the bias, which is 0
    assert page.evaluate("[...document.querySelectorAll('.term')].every((t) => t.scrollWidth <= t.clientWidth)")


def test_a_small_number_among_others_has_a_digit(opened):
    A_prev = np.array([1.25, 0.0, -0.003, 4e-12, -0.25, 0.006]).reshape(1, 2, 3, 1)
    page = opened(convstep.explain(A_prev, np.ones((1, 1, 1, 1))))
    assert shown(page, "output") == ["1.25", "0.00", "−3e−3", "4e−12", "−0.25", "0.01"]


def test_a_large_filter_of_small_weights(opened):
    W = np.full((16, 16, 1, 1), 0.0123)
    page = opened(convstep.explain(np.ones((1, 20, 20, 1)), W))
    fields = page.locator(".weights .number-field").evaluate_all("(all) => all.map(({ value }) => value)")
    assert set(fields) <= {"1e−2", "1.2e−2"}
