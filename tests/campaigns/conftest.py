"""Campaigns run where they are asked for by their marker, and at no other time."""


def pytest_collection_modifyitems(config, items):
    if "campaign" in (config.option.markexpr or ""):
        return
    left = [item for item in items if item.get_closest_marker("campaign") is None]
    if len(left) < len(items):
        config.hook.pytest_deselected(items=[i for i in items if i not in left])
        items[:] = left
