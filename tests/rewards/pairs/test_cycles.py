from hypothesis import given
from hypothesis import strategies as st

from rbrctl.rewards.pairs.contradictions import strongly_connected

nodes = st.integers(0, 7)


def reachable(edges: list[tuple[int, int]], start: int) -> set[int]:
    found = {start}
    while more := {second for first, second in edges if first in found} - found:
        found |= more
    return found


@given(st.lists(st.tuples(nodes, nodes), max_size=20))
def test_two_nodes_are_of_one_component_when_each_comes_before_the_other(
    edges: list[tuple[int, int]],
) -> None:
    component = strongly_connected(edges)
    assert set(component) == {node for edge in edges for node in edge}
    for first in component:
        for second in component:
            mutual = second in reachable(edges, first) and first in reachable(edges, second)
            assert (component[first] == component[second]) == mutual


def test_a_circle_may_be_long() -> None:
    edges = [(node, (node + 1) % 50_000) for node in range(50_000)]
    assert len(set(strongly_connected(edges).values())) == 1
