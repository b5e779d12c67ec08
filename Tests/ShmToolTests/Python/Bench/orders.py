"""Says whether two runs of `shmtool bench --json` agree: orders.py FIRST SECOND.

Two runs disagree about a pair of methods if one run ranks the first method higher, and the other run the second. A pair
that shares a rank in a run agrees with every order. The crossovers of the verdicts must be the same.

The exit status is 1, and each difference is a line, if the runs disagree.
"""
import itertools
import json
import sys

# What the page Measurements of the guide says about noise.
FLOOR, DISTURBED, FEWEST_ROUNDS = 0.25, 0.15, 3


# The series by the question that they answer, and by their methods.
def questions(report):
    found = {}
    for one in report["series"]:
        found.setdefault((one["test"], one["size"], one["receivers"]), {})[one["method"]] = one
    return found


# How many times as good a method is as another one, in each round.
def ratios(one, other):
    time = one["unit"] == "nanoseconds"
    return [b / a if time else a / b for a, b in zip(one["samples"], other["samples"])]


# Whether a method is better than another one by more than noise.
def is_better(one, other):
    values = sorted(ratios(one, other))
    return len(values) >= FEWEST_ROUNDS and values[int(DISTURBED * len(values))] > 1 + FLOOR


# Whether a method is better by more than the floor in more rounds than may be disturbed.
def is_often_better(one, other):
    values = ratios(one, other)
    return sum(value > 1 + FLOOR for value in values) > DISTURBED * len(values)


# The ranks that contradict the values of a report.
def wrong_ranks(report):
    wrong = []
    for question, methods in questions(report).items():
        series = methods.values()
        for one in series:
            if one["rank"] != 1 + sum(other["rank"] < one["rank"] for other in series):
                wrong.append((question, one["method"], one["rank"]))
            for other in series:
                pair = (question, one["method"], one["rank"], other["method"], other["rank"])
                if one["rank"] > other["rank"] and len(one["samples"]) >= FEWEST_ROUNDS and is_often_better(one, other):
                    wrong.append(pair)
                # They share a rank only if a method of their group has no certain order.
                group = [third for third in series if third["rank"] == one["rank"]]
                if is_better(one, other) and one["rank"] == other["rank"] and \
                        not any(is_often_better(a, b) and not is_better(a, b) for a in group for b in group):
                    wrong.append(pair)
    return wrong


# How two reports disagree, in words, and how many pairs of methods both put in the same strict order.
def disagreements(first, second):
    found, agreed = [], 0
    others = questions(second)
    for question, methods in questions(first).items():
        common = sorted(methods.keys() & others.get(question, {}).keys())
        for a, b in itertools.combinations(common, 2):
            before = methods[a]["rank"] - methods[b]["rank"]
            after = others[question][a]["rank"] - others[question][b]["rank"]
            if before * after < 0:
                found.append("%s of %d bytes to %d: %s and %s" % (*question, a, b))
            agreed += before * after > 0
    verdicts = [[(one["test"], one["crossover"]) for one in report["verdicts"]] for report in (first, second)]
    if verdicts[0] != verdicts[1]:
        found.append("verdicts: %s and %s" % tuple(verdicts))
    return found, agreed


if __name__ == "__main__":
    reports = []
    for path in sys.argv[1:3]:
        with open(path) as file:
            reports.append(json.load(file))
    differences, agreed = disagreements(*reports)
    for difference in differences:
        print(difference)
    pairs = sum(len(methods) * (len(methods) - 1) // 2 for methods in questions(reports[0]).values())
    states = [report["machine"].get("core_latency") for report in reports]
    if all(states) and max(states) > 1.5 * min(states):
        print("the core-to-core latency was %.0f ns and %.0f ns, so the runs measured different states" % tuple(states))
    print("%d of %d pairs of methods have the same strict order in both runs" % (agreed, pairs))
    sys.exit(1 if differences else 0)
