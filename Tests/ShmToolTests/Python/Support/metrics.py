"""A strict parser of what the text formats of Prometheus and OpenMetrics have in common."""
import re

NAME = r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*"
LABEL = rf'({NAME})="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (-?[0-9]+|\+Inf)")
ESCAPES = {"n": "\n", "\\": "\\", '"': '"'}


def unescaped(text):
    return re.sub(r'\\(["\\n])', lambda match: ESCAPES[match[1]], text)


def parse(text):
    """The metrics as {name: {labels: value}}, where labels are a sorted tuple of pairs."""
    assert text.endswith("# EOF\n") and text.count("# EOF") == 1, text[-200:]
    lines = text.split("\n")[:-2]
    metrics, index = {}, 0
    while index < len(lines):
        # The description comes first and once.
        name = re.fullmatch(rf"# HELP ({NAME}) [^\\\"]+\.", lines[index])
        assert name, lines[index]
        name = name[1]
        assert name.startswith("shmtool_") and name not in metrics, name
        # Suffixes that mean something else in OpenMetrics.
        assert not re.search(r"_(total|count|sum|bucket|created|info)$", name), name
        assert lines[index + 1] == f"# TYPE {name} gauge", lines[index + 1]
        index += 2
        if name.endswith("_bytes"):
            assert lines[index] == f"# UNIT {name} bytes", lines[index]
            index += 1
        metrics[name] = {}
        while index < len(lines) and not lines[index].startswith("#"):
            sample = SAMPLE.fullmatch(lines[index])
            assert sample and sample[1] == name, lines[index]
            labels = re.findall(LABEL, sample[2] or "")
            assert ",".join(f'{key}="{value}"' for key, value in labels) == (sample[2] or ""), lines[index]
            key = tuple(sorted((key, unescaped(value)) for key, value in labels))
            assert len(dict(key)) == len(key) and key not in metrics[name], lines[index]
            metrics[name][key] = float(sample[sample.re.groups])
            index += 1
        assert metrics[name], name
    return metrics


def client(text, openmetrics):
    """The same by the parsers of prometheus-client."""
    if openmetrics:
        from prometheus_client.openmetrics.parser import text_string_to_metric_families
    else:
        from prometheus_client.parser import text_string_to_metric_families
    metrics = {}
    for family in text_string_to_metric_families(text):
        assert family.type == "gauge" and family.documentation, family
        if openmetrics:
            assert family.unit == ("bytes" if family.name.endswith("_bytes") else ""), family
        for sample in family.samples:
            assert sample.name == family.name and sample.timestamp is None, sample
            key = tuple(sorted(sample.labels.items()))
            assert key not in metrics.setdefault(sample.name, {}), sample
            metrics[sample.name][key] = sample.value
    return metrics
