"""Which input cumulants reach which output cumulants: exact cases, tables, real data."""

import numpy as np
import pytest
from markup import bare

import numerics as nm
from cumulant_theory import activations, laws
from cumulant_theory.errors import DomainError, OrderError, ShapeError, UnknownNameError
from numerics.chain import Affine, Chain, Pointwise, Residual
from numerics.transfer import propagated

RNG = np.random.default_rng(3)
POINTS = RNG.gamma(1.0, size=(120, 3)) @ RNG.normal(size=(3, 3))
LABELS = RNG.integers(0, 2, 120)
LINEAR = Chain([Affine(RNG.normal(size=(2, 3)), [1.0, -2.0])])


def test_a_linear_network_keeps_orders_apart():
    found = nm.order_transfer(LINEAR, POINTS, LABELS)
    for kept in (1, 2, 3):
        for order in (1, 2, 3):
            expected = 0.0 if order <= kept else 1.0
            assert found.error(kept, order) == pytest.approx(expected, abs=1e-12)
            assert found.error(kept, order, label=1) == pytest.approx(expected, abs=1e-12)


def test_the_mean_of_a_square_needs_the_covariance_and_no_more():
    square = Chain([*LINEAR.parts, Pointwise(activations.Square()), Affine([[1.0, 3.0]])])
    found = nm.order_transfer(square, POINTS, LABELS)
    assert found.error(1, 1) > 1e-3
    assert found.error(2, 1) < 1e-12
    assert found.error(3, 1) < 1e-12


def test_predictions_do_not_depend_on_the_units_order_or_stages():
    net = Chain([*LINEAR.parts, Pointwise(activations.ReLU()), Affine(np.eye(2))])
    split = Chain([Affine(np.eye(3)), *net.parts])
    first, second = (nm.order_transfer(chain, POINTS) for chain in (net, split))
    for r, tensor in first.predicted[None, 3].items():
        np.testing.assert_allclose(second.predicted[None, 3][r], tensor, atol=1e-12)


def test_test_data_of_the_same_law_give_z_of_order_one():
    draw = np.random.default_rng(8)
    scores = []
    for seed in range(20):
        points, others = (draw.normal(size=(300, 3)) for _ in range(2))
        found = nm.order_transfer(LINEAR, points, test=(others, None), seed=seed)
        scores.append([found.z(3, r)[0] for r in (1, 2, 3)])
    squares = np.square(scores)
    # mean of 20 squares of about normal scores: within five standard errors of 1
    assert (np.abs(squares.mean(0) - 1) < 5 * np.sqrt(2 / 20)).all()
    assert squares.mean() > 0.3


def test_entries_that_do_not_vary_have_no_z():
    """A constant unit beside others that vary, then one that no point lets through."""
    weight, bias = np.vstack([LINEAR.parts[0].weight, np.zeros((1, 3))]), [1.0, -2.0, 0.3]
    chain = Chain([Affine(weight, bias), Pointwise(activations.ReLU())])
    found = nm.order_transfer(chain, POINTS, test=(POINTS[::2], None))
    assert found.z(3, 1).shape == (2,)
    assert found.z(3, 2).shape == (3,)
    assert found.z(3, 3).shape == (4,)
    assert np.isfinite([row["z"] for row in found.table]).all()
    still = Chain([Affine(np.zeros((2, 3)), [-1.0, 0.3]), Pointwise(activations.ReLU())])
    found = nm.order_transfer(still, POINTS, test=(POINTS[::2], None))
    with pytest.raises(DomainError, match="no entry of output order 2 varies"):
        found.z(3, 2)
    assert not any("z" in row for row in found.table)
    assert "(z" not in repr(found)


def test_table_and_figure():
    found = nm.order_transfer(LINEAR, POINTS, LABELS, test=(POINTS, LABELS))
    assert len(found.table) == 9
    text = repr(found)
    assert "orders 1-2" in text
    assert "third cumulants" in text
    assert "z" in text
    assert found._repr_html_().count("<tr") == 4
    pytest.importorskip("matplotlib")
    assert len(found.plot().axes) == 4


@pytest.mark.parametrize(("arguments", "options", "error", "words"), [
    ((POINTS, LABELS[1:]), {}, ShapeError, "one per point"),
    ((POINTS, [[1], [1, 2]]), {}, ShapeError, "one per point"),
    ((POINTS[:, :2],), {}, ShapeError, "takes 3"),
    ((POINTS[0],), {}, ShapeError, "pass"),
    ((POINTS,), {"kept": (0, 1)}, OrderError, "from 1, 2, 3"),
    ((POINTS,), {"kept": ()}, OrderError, "from 1, 2, 3"),
    ((POINTS, LABELS), {"test": (POINTS[:3], [0, 0, 0])}, ShapeError, "class 1"),
])
def test_what_does_not_fit_is_refused(arguments, options, error, words):
    with pytest.raises(error, match=words):
        nm.order_transfer(LINEAR, *arguments, **options)


def test_what_was_not_asked_for_is_said():
    found = nm.order_transfer(LINEAR, POINTS, kept=(1, 2))
    with pytest.raises(OrderError, match="no prediction"):
        found.error(3, 1)
    with pytest.raises(DomainError, match="test data"):
        found.z(1, 1)


RESIDUAL = [
    Affine(RNG.integers(-2, 3, (2, 2)) / 2, [0.5, 0.0]), Pointwise(activations.Square()),
    Affine(RNG.integers(-2, 3, (2, 2)) / 4),
]


def test_chains_may_begin_and_end_with_activations():
    square = Pointwise(activations.Square())
    chain = Chain([square, square, Affine([[1.0, 2.0]]), square])
    affine, pointwise = chain.alternating()
    assert [len(affine), len(pointwise)] == [3, 3]
    x = RNG.normal(size=(5, 2))
    value = x
    for a, p in zip(affine, pointwise, strict=True):
        value = p(a(value))
    np.testing.assert_allclose(value, chain(x), rtol=1e-12)
    # E (x^2 + 2 y^2)^2 of a Gaussian pair, by its moments 1, 3
    short = Chain([square, Affine([[1.0, 2.0]]), square])
    assert propagated(short, np.zeros(2), np.eye(2), order=2)[1] == pytest.approx([3 + 4 + 12])


def test_residual_blocks_by_the_exact_symbolic_route():
    chain = Chain([Affine([[1.0, 0.5], [0.0, 1.0]]), Residual(RESIDUAL), Affine([[1.0, 2.0]])])
    mean, cov = [1, -1], [[2, 1], [1, 3]]
    exact = chain.layer.propagate(laws.MultivariateNormal(mean, cov), order=2)
    found = propagated(chain, np.array(mean, float), np.array(cov, float), order=2)
    assert found[1][0] == pytest.approx(float(exact[1]), rel=1e-12)
    assert found[2][0, 0] == pytest.approx(float(exact[2]), rel=1e-12)


def test_residual_blocks_of_a_kink_by_sampling():
    relu = Pointwise(activations.ReLU())
    draw = np.random.default_rng(2)
    body = [Affine(draw.normal(size=(4, 3)), draw.normal(size=4)), relu,
            Affine(draw.normal(size=(3, 4)) / 2)]
    chain = Chain([Residual(body)])
    root = draw.normal(size=(3, 3))
    mean, cov = draw.normal(size=3), root @ root.T
    found = propagated(chain, mean, cov, order=2)
    sampled = nm.input_cumulants(
        chain(draw.standard_normal((200_000, 3)) @ root.T + mean), order=2, unbiased=True)
    z = [(found[1] - sampled.mean) / sampled.standard_error(1),
         ((found[2] - sampled.cov) / sampled.standard_error(2))[np.triu_indices(3)]]
    assert np.abs(np.concatenate(z)).max() < 4.5  # nine scores


def test_each_input_order_brings_the_prediction_closer_on_digits():
    """Images of one class through a network of two hidden layers."""
    data = pytest.importorskip("sklearn.datasets")
    points, labels = data.load_digits(return_X_y=True)
    draw = np.random.default_rng(0)
    parts = []
    for rows, columns in ((16, 64), (16, 16), (3, 16)):
        parts += [Affine(draw.normal(size=(rows, columns)) * np.sqrt(2 / columns),
                         0.1 * draw.normal(size=rows)), Pointwise(activations.ReLU())]
    found = nm.order_transfer(Chain(parts[:-1]), points[labels < 2] / 16, labels[labels < 2])
    for order in (1, 2):
        assert found.error(3, order) < found.error(2, order) < found.error(1, order)
    assert found.error(3, 3) < found.error(2, 3)


def test_order_transfer_refuses_what_it_cannot_read():
    chain, x = Chain([Affine(np.eye(2))]), np.random.default_rng(0).standard_normal((20, 2))
    with pytest.raises(DomainError, match="from_torch"):
        nm.order_transfer(object(), x)
    with pytest.raises(OrderError, match="kept is 2"):
        nm.order_transfer(chain, x, kept=2)
    with pytest.raises(ShapeError, match="test is no pair"):
        nm.order_transfer(chain, x, test=x)
    with pytest.raises(DomainError, match="resamples=1"):
        nm.order_transfer(chain, x, test=(x, None), resamples=1)
    with pytest.raises(DomainError, match="array of real numbers"):
        nm.order_transfer(chain, "abc")
    for seed in (-1, 1.5, None, True):
        with pytest.raises(DomainError, match="order_transfer: seed"):
            nm.order_transfer(chain, x, seed=seed)
    with pytest.raises(DomainError, match="predict is 3"):
        nm.order_transfer(chain, x, predict=3)
    with pytest.raises(OrderError, match="kept"):
        nm.order_transfer(chain, x, kept=(True,))


def test_integers_of_numpy_are_orders_and_seeds():
    chain, x = Chain([Affine(np.eye(2))]), np.random.default_rng(0).standard_normal((20, 2))
    plain, same = (
        nm.order_transfer(chain, x, kept=(of(2),), test=(x, None), resamples=of(2), seed=of(3))
        for of in (int, np.int64)
    )
    assert plain.errors[None][2].tolist() == same.errors[None][2].tolist()


def test_two_points_have_vanishing_third_cumulants():
    points = np.random.default_rng(0).standard_normal((2, 3))
    found = nm.order_transfer(Chain([Affine(np.eye(3)), Pointwise(activations.ReLU())]), points)
    assert found.classes == (None,)


def test_input_cumulants_refuses_what_is_no_data():
    x = np.random.default_rng(0).standard_normal((60, 2))
    for data in ("abc", [{"x": x}], x * 1j, [[1], [1, 2]]):
        with pytest.raises(DomainError, match="array of real numbers"):
            nm.input_cumulants(data)
    with pytest.raises(ShapeError):
        nm.input_cumulants([[]])
    with pytest.raises(DomainError, match="rescale the points"):
        nm.input_cumulants(1e150 * x)
    for labels in (np.eye(2)[[0, 1] * 30], ["a", 1] * 30):
        with pytest.raises(ShapeError, match="are no classes"):
            nm.input_cumulants(x, labels=labels)
    with pytest.raises(ShapeError, match="NaN"):
        nm.input_cumulants(x, labels=[np.nan] * 60)


def test_input_cumulants_refuses_tensors_and_devices_that_do_not_work():
    torch = pytest.importorskip("torch")
    x = torch.ones(60, 2)
    for data, kind in ((x.to_sparse(), "sparse"), (x * 1j, "complex")):
        with pytest.raises(DomainError, match=f"{kind} tensor"):
            nm.input_cumulants([data])
    with pytest.raises(DomainError, match="cannot be used"):
        nm.input_cumulants(x, device="nowhere")


def test_what_an_order_transfer_does_not_have_is_said():
    chain, x = Chain([Affine(np.eye(2))]), np.random.default_rng(0).standard_normal((20, 2))
    found = nm.order_transfer(chain, x, [0, 1] * 10, test=(x, [0, 1] * 10), resamples=2)
    with pytest.raises(UnknownNameError, match="unknown class '5'"):
        found.error(1, 1, label=5)
    for kept, order in ((9, 1), (1, 9)):
        with pytest.raises(OrderError, match="no prediction"):
            found.z(kept, order)
    with pytest.raises(ShapeError, match="NaN"):
        nm.order_transfer(chain, x, [np.nan] * 20)


@pytest.mark.parametrize("unbiased", [False, True])
def test_input_cumulants_show_themselves_as_a_table(unbiased):
    x = np.random.default_rng(1).gamma(1.0, size=(400, 25))
    found = nm.input_cumulants(x, unbiased=unbiased)
    html = bare(found._repr_html_())
    last = [f"{v:.6g}" for r in (1, 2, 3)
            for v in (found.cumulant(r)[(19,) * r], found.standard_error(r)[(19,) * r])]
    assert "<tr><td>19</td>" + "".join(f"<td>{v}</td>" for v in last) + "</tr>" in html
    assert html.count("<tr>") == 21
    assert "5 more units" in html
    assert ("unbiased" in html) == unbiased


def test_tables_of_few_points_show_the_orders_they_have():
    assert "no points" in nm.InputCumulants()._repr_html_()
    pair = nm.InputCumulants(unbiased=True).update([[0.0], [2.0]])
    assert "<tr><td>0</td><td>1</td><td>2</td></tr>" in bare(pair._repr_html_())
    torch = pytest.importorskip("torch")
    same = nm.InputCumulants(unbiased=True).update(torch.tensor([[0.0], [2.0]]))
    assert same._repr_html_() == pair._repr_html_()
