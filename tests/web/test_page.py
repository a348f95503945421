"""The page in Chromium: what is shown, stepped, clicked, typed and changed."""

import numpy as np
import pytest
from page_layers import Layer, random_layer
from page_numbers import numbers, printed, shown
from playwright.sync_api import expect

import convstep

PLACE = ".place"


@pytest.fixture
def notebook() -> Layer:
    random = np.random.RandomState(1)
    arrays = random.randn(10, 5, 7, 4), random.randn(3, 3, 4, 8), random.randn(1, 1, 1, 8)
    return Layer(*arrays, {"stride": 2, "pad": 1}, None)


def assert_shows(page, figure: str, expected: np.ndarray) -> None:
    assert shown(page, figure) in [[printed(x, digits) for x in expected.ravel()] for digits in (2, 1, 0)]


def test_it_shows_the_notebooks_layer_with_the_librarys_digits(opened, notebook):
    page = opened(convstep.explain())
    Z = notebook.forward()
    assert_shows(page, "output", Z[0, :, :, 0])
    padded = np.pad(notebook.A_prev, ((0, 0), (1, 1), (1, 1), (0, 0)))
    assert_shows(page, "input", padded[0, :, :, 0])
    expect(page.locator(".result")).to_contain_text(f"= {repr(float(Z[0, 0, 0, 0])).replace('-', '−')}")
    page.get_by_role("button", name="filter 3", exact=True).click()
    page.get_by_role("button", name="channel 2", exact=True).first.click()
    page.get_by_role("group", name="image").get_by_role("button", name="image: more").click()
    assert_shows(page, "output", Z[1, :, :, 3])
    assert_shows(page, "input", padded[1, :, :, 2])


def test_every_filter_of_every_setting_has_the_librarys_numbers(opened, notebook):
    page = opened(convstep.explain())
    for stride, pad in ((1, 0), (1, 2), (3, 1)):
        for name, value in (("stride", stride), ("pad", pad)):
            page.evaluate(f"convstep.state.change('{name}', {value})")
        layer = notebook._replace(hparameters={"stride": stride, "pad": pad})
        Z, gradients = layer.forward(), layer.backward()
        for filter in range(8):
            page.evaluate(f"convstep.state.set({{ filter: {filter}, image: 4 }})")
            assert_shows(page, "output", Z[4, :, :, filter])
            assert numbers(page, f"convstep.layer.plane(4, {filter})").tobytes() == Z[4, :, :, filter].tobytes()
        positions = Z.shape[1] * Z.shape[2]
        for name in ("weightsGrad", "biasGrad"):
            assert numbers(page, f"convstep.gradients.whole('output').{name}").tobytes() == gradients[name].tobytes()
        got = numbers(page, f"convstep.gradients.upTo(4, {positions}, 'output').inputGrad")
        assert got.tobytes() == gradients["inputGrad"][4].tobytes()


@pytest.mark.parametrize("engine", ["JavaScript", "WebAssembly"])
@pytest.mark.parametrize("seed", range(12))
def test_random_layers_have_the_librarys_bits_in_the_page(opened, seed, engine):
    layer = random_layer(1000 + seed)
    page, Z = opened(layer.page(), wasm=engine == "WebAssembly"), layer.forward()
    if page.evaluate("convstep.engine.name") != engine:
        pytest.skip("make wasm, then make python: the page carries none")
    page.evaluate("convstep.layer.reset()")  # so that nothing is left of what was computed before
    for n in range(Z.shape[0]):
        for o in range(Z.shape[3]):
            assert numbers(page, f"convstep.layer.plane({n}, {o})").tobytes() == Z[n, :, :, o].tobytes()


def test_stepping_and_keys(opened):
    page = opened(convstep.explain())
    place = page.locator(PLACE)
    expect(place).to_have_text("output (0, 0), 1 of 12")
    page.get_by_role("button", name="One output on").click()
    expect(place).to_have_text("output (0, 1), 2 of 12")
    page.get_by_role("button", name="One output back").click()
    page.get_by_role("button", name="Last output").click()
    expect(place).to_have_text("output (2, 3), 12 of 12")
    for key, text in (("Home", "(0, 0)"), ("ArrowDown", "(1, 0)"), ("ArrowRight", "(1, 1)"), ("ArrowUp", "(0, 1)"),
                      ("ArrowUp", "(0, 1)"), ("ArrowLeft", "(0, 0)"), ("ArrowLeft", "(0, 0)"), ("End", "(2, 3)")):
        page.keyboard.press(key)
        expect(place).to_contain_text(f"output {text}")
    page.keyboard.press("]")
    expect(page.locator(".figure.output .line")).to_have_text("image 0, filter 1")
    page.keyboard.press(",")
    expect(page.locator(".figure.input .line")).to_contain_text("channel 3")
    page.keyboard.press("b")
    expect(page.locator("h1")).to_have_text("Convolution, backward")
    page.keyboard.press("t")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.get_by_label("letters and signs are keys, too").uncheck()
    page.keyboard.press("b")
    expect(page.locator("h1")).to_have_text("Convolution, backward")


def test_playing_goes_through_all_outputs_and_stops(opened, notebook):
    page = opened(convstep.explain())
    page.keyboard.press(" ")
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    for _ in range(4):
        page.keyboard.press("+")
    expect(page.locator(PLACE)).to_have_text("output (2, 3), 12 of 12")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert_shows(page, "output", notebook.forward()[0, :, :, 0])


def test_only_what_is_computed_so_far(opened, notebook):
    page = opened(convstep.explain())
    page.keyboard.press("s")
    page.keyboard.press("ArrowDown")
    texts = shown(page, "output")
    assert [text != "" for text in texts] == [True] * 5 + [False] * 7
    page.keyboard.press("b")
    gradients = numbers(page, "convstep.gradients.upTo(0, 5, 'output').inputGrad").reshape(5, 7, 4)
    padded = np.pad(gradients[:, :, 0], 1)
    assert_shows(page, "input", padded)
    assert gradients[4].any() == (not np.array_equal(gradients[4], np.zeros_like(gradients[4])))
    assert not gradients[4, 3:].any()  # no window so far has reached them


def test_clicking(opened):
    page = opened(convstep.explain())
    page.locator(".figure.output > .grid .cell").nth(6).click()
    expect(page.locator(PLACE)).to_contain_text("output (1, 2)")
    page.locator(".figure.input > .grid .cell").nth(9 * 5 + 1).click()  # of 7 rows of 9 with the padding
    expect(page.locator(PLACE)).to_contain_text("output (2, 0)")
    page.keyboard.press("b")
    page.locator(".figure.input > .grid .cell").nth(9 * 3 + 2).click()
    expect(page.locator(".result")).to_contain_text("dA_prev[0, 2, 1, 0]")


def test_editing_weights_bias_and_settings(opened, notebook):
    page = opened(convstep.explain())
    weight = page.get_by_label("W[1, 2, 0, 0]", exact=True)
    weight.fill("2.5")
    weight.press("Enter")
    W = notebook.W.copy()
    W[1, 2, 0, 0] = 2.5
    assert_shows(page, "output", notebook._replace(W=W).forward()[0, :, :, 0])
    bias = page.get_by_label("b[0, 0, 0, 0]", exact=True)
    bias.fill("−1")
    bias.press("Enter")
    b = notebook.b.copy()
    b[0, 0, 0, 0] = -1
    assert_shows(page, "output", notebook._replace(W=W, b=b).forward()[0, :, :, 0])
    weight.focus()
    weight.press("ArrowUp")
    W[1, 2, 0, 0] = 2.6
    assert_shows(page, "output", notebook._replace(W=W, b=b).forward()[0, :, :, 0])
    weight.fill("nonsense")
    weight.press("Enter")
    expect(weight).to_have_value("2.60")
    page.get_by_role("button", name="stride: less").click()
    layer = notebook._replace(W=W, b=b, hparameters={"stride": 1, "pad": 1})
    assert_shows(page, "output", layer.forward()[0, :, :, 0])
    expect(page.locator(".formulas")).to_contain_text("= 5")
    expect(page.locator(".shapes")).to_contain_text("Z (10, 5, 7, 8)")
    page.get_by_role("button", name="Reset").click()
    assert_shows(page, "output", notebook.forward()[0, :, :, 0])


def test_a_larger_filter_keeps_its_middle_and_one_that_is_too_large_is_refused(opened, notebook):
    page = opened(convstep.explain())
    more = page.get_by_role("button", name="window f: more")
    more.click()
    more.click()
    W = np.pad(notebook.W, ((1, 1), (1, 1), (0, 0), (0, 0)))
    assert_shows(page, "output", notebook._replace(W=W).forward()[0, :, :, 0])
    for _ in range(4):
        more.click()
    expect(page.locator(".message")).to_contain_text("larger than the image")
    expect(page.locator(".shapes")).to_contain_text("Z (10, 1, 2, 8)")


@pytest.mark.parametrize("mode", ["max", "average"])
def test_pooling(opened, mode):
    A_prev = np.round(np.random.RandomState(3).randn(2, 7, 6, 3) * 2)  # with ties
    layer = Layer(A_prev, None, None, {"stride": 2, "f": 3}, "max")
    page = opened(layer.page())
    if mode == "average":
        page.get_by_role("button", name="average").click()
    layer = layer._replace(mode=mode)
    page.get_by_role("button", name="channel 1", exact=True).first.click()
    assert_shows(page, "output", layer.forward()[0, :, :, 1])
    page.get_by_role("button", name="backward").click()
    assert_shows(page, "input", layer.backward()["inputGrad"][0, :, :, 1])
    page.get_by_role("button", name="ones").click()
    cache = (A_prev, layer.hparameters)
    assert_shows(page, "input", convstep.pool_backward(np.ones(layer.forward().shape), cache, mode)[0, :, :, 1])


def test_a_gradient_that_was_given_is_used_while_it_fits(opened, notebook):
    layer = notebook._replace(grad=np.random.RandomState(2).randn(10, 3, 4, 8))
    page = opened(layer.page())
    page.get_by_role("button", name="backward").click()
    assert_shows(page, "output", layer.grad[0, :, :, 0])
    assert_shows(page, "input", np.pad(layer.backward()["inputGrad"][0, :, :, 0], 1))
    page.get_by_role("button", name="stride: less").click()
    expect(page.get_by_role("button", name="Z", exact=True)).to_have_attribute("aria-pressed", "true")
    without = notebook._replace(hparameters={"stride": 1, "pad": 1})
    assert_shows(page, "input", np.pad(without.backward()["inputGrad"][0, :, :, 0], 1))
    page.get_by_role("button", name="given").click()
    expect(page.locator(".message")).to_contain_text("given gradient is (10, 3, 4, 8), but the output is (10, 5, 7, 8)")
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_role("button", name="given")).to_have_attribute("aria-pressed", "true")
    assert_shows(page, "output", layer.grad[0, :, :, 0])
    page.get_by_role("button", name="ones").click()
    page.get_by_role("button", name="Reset").click()
    assert_shows(page, "output", layer.grad[0, :, :, 0])


def test_a_button_that_can_do_no_more_keeps_the_focus(opened):
    page = opened(convstep.explain())
    less, reset = page.get_by_role("button", name="stride: less"), page.get_by_role("button", name="Reset")
    less.focus()
    for _ in range(3):
        page.keyboard.press(" ")
    expect(less).to_be_focused()
    expect(less).to_be_disabled()
    assert page.evaluate("[convstep.layer.stride, convstep.state.soFar]") == [1, False]
    reset.focus()
    for _ in range(2):
        page.keyboard.press(" ")
    expect(reset).to_be_focused()
    assert page.evaluate("[convstep.layer.stride, convstep.state.soFar]") == [2, False]


def test_a_large_picture(opened):
    random = np.random.default_rng(1)
    picture, W = random.random((1, 200, 200, 3), np.float32), random.normal(size=(3, 3, 3, 8)).astype(np.float32)
    layer = Layer(picture, W, np.zeros((1, 1, 1, 8), np.float32), {"stride": 1, "pad": 1}, None)
    page, Z = opened(layer.page()), layer.forward()
    expected = convstep.conv2d(picture, W, padding=1, layout="NHWC", numerics="numpy")
    assert numbers(page, "convstep.layer.plane(0, 5)").tobytes() == np.ascontiguousarray(expected[0, :, :, 5]).tobytes()
    box = page.locator(".figure.output > .grid").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.5025, box["y"] + box["height"] * 0.2525)
    expect(page.locator(PLACE)).to_contain_text("output (50, 100)")
    expect(page.locator(".result")).to_contain_text("Z[0, 50, 100, 0]")
    assert Z.shape == (1, 200, 200, 8)


def test_a_layer_of_many_channels(opened):
    random = np.random.default_rng(1)
    A_prev, W = random.normal(size=(1, 5, 5, 70)), random.normal(size=(3, 3, 70, 66))
    page = opened(convstep.explain(A_prev, W))
    expect(page.locator(".figure.input .thumbnails button")).to_have_count(64)
    expect(page.locator(".figure.input .rest")).to_have_text("… and 6 more, which the keys , and . reach")
    page.keyboard.press(",")
    page.keyboard.press("[")
    expect(page.locator(".figure.middle .line").first).to_have_text("filter 65, channel 69")
    layer = Layer(A_prev, W, np.zeros((1, 1, 1, 66)), {"stride": 1, "pad": 0}, None)
    assert_shows(page, "output", layer.forward()[0, :, :, 65])
    expect(page.locator(".card")).to_have_count(1)  # of 630 products those of one channel
    expect(page.locator(".sum .lead")).to_contain_text("630 products. Channel 69 is shown.")
    expect(page.locator(".written-out")).to_contain_text("… and 230 terms more")


def test_it_is_spoken(opened, notebook):
    page = opened(convstep.explain())
    page.keyboard.press("ArrowRight")
    value = printed(notebook.forward()[0, 0, 1, 0], 4)
    expect(page.locator("[aria-live=polite]")).to_have_text(
        f"Z[0, 0, 1, 0] = {value}. Window: rows -1 to 1, columns 1 to 3."
    )
    grid = page.locator(".figure.output > .grid")
    active = grid.get_attribute("aria-activedescendant")
    assert page.locator(f"#{active}").inner_text() == shown(page, "output")[1]


KEYS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", ",", ".", "[", "]", "i", "b", "s", "t", "+", "-"]


@pytest.mark.parametrize("kind", ["conv", "pool"])
def test_whatever_is_pressed_the_numbers_stay_the_librarys(opened, kind):
    layer = random_layer(2 if kind == "conv" else 0)._replace(mode=None if kind == "conv" else "average")
    if kind == "pool":
        layer = layer._replace(W=None, b=None, hparameters={"stride": 1, "f": 2})
    random, page = np.random.default_rng(7), opened(layer.page())
    for _ in range(120):
        if random.random() < 0.7:
            page.keyboard.press(str(random.choice(KEYS)))
            continue
        steppers = page.locator(".controls .stepper button[aria-disabled='false']")
        steppers.nth(int(random.integers(steppers.count()))).click()
    state = page.evaluate("(({ image, filter }) => ({ image, filter }))(convstep.state)")
    stride, pad, f = page.evaluate("(({ stride, pad, window }) => [stride, pad, window.height])(convstep.layer)")
    if kind == "conv":
        W = numbers(page, "convstep.layer.weights.data").reshape(f, f, *layer.W.shape[2:])
        layer = layer._replace(W=W, hparameters={"stride": stride, "pad": pad})
    else:
        layer = layer._replace(hparameters={"stride": stride, "f": f})
    page.evaluate("convstep.state.set({ direction: 'forward', soFar: false })")
    expected = layer.forward()[state["image"], :, :, state["filter"]]
    assert numbers(page, f"convstep.layer.plane({state['image']}, {state['filter']})").tobytes() == expected.tobytes()
    position = page.evaluate("convstep.state.position")
    value = expected.ravel()[position]
    shortest = np.format_float_positional(value, unique=True, trim="-") if 1e-5 < abs(value) < 1e16 else str(value)
    expect(page.locator(".result")).to_contain_text(f"= {shortest.replace('-', '−')}")
