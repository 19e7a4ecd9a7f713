"""Import graph of `bot`, parsed from the source. Imports inside functions count too."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

Graph = dict[str, frozenset[str]]


def import_graph(root: Path) -> Graph:
    """For each module, the modules of `bot` that it imports at run time (not under `TYPE_CHECKING`)."""
    modules = {_name(path.relative_to(root)): path for path in (root / "bot").rglob("*.py")}
    return {
        name: frozenset(_imported(ast.parse(path.read_text("utf-8")), modules)) - {name}
        for name, path in modules.items()
    }


def longest_chain(graph: Graph) -> list[str]:
    """Longest path of imports. The graph must have no cycle."""

    @cache
    def below(module: str) -> tuple[str, ...]:
        longest = sorted((below(imported) for imported in graph[module]), key=_length)
        return (module, *(longest[-1] if longest else ()))

    longest_of_all: tuple[str, ...] = max(map(below, sorted(graph)), key=_length)
    return list(longest_of_all)


def _name(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _imported(tree: ast.Module, modules: dict[str, Path]) -> Iterator[str]:
    for node in _at_run_time(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in modules)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                yield from {f"{node.module}.{alias.name}", node.module} & modules.keys()


def _at_run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes except those under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(tree):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield child
            yield from _at_run_time(child)


def _length(chain: tuple[str, ...]) -> int:
    return len(chain)
