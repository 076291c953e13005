#!/usr/bin/env python3
"""Holds what `weir check` prints for other programs to what those read: forms.py FORM FILE

FORM is json, sarif (the rules of the schema of SARIF 2.1.0 that concern what weir writes, and those
between its parts) or junit. Prints "FORM: COUNT findings", or what is wrong.
"""
import json
import re
import sys
import xml.etree.ElementTree

URI = re.compile(r"([A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})+")


def must(holds, what):
    if not holds:
        sys.exit(f"wrong: {what}")


def only(item, *names):
    must(set(item) <= set(names), f"{sorted(set(item) - set(names))} in {item}")


def text_of(item, where):
    only(item, "text")
    must(isinstance(item["text"], str) and item["text"] != "", f"no text in {where}")


def check_rule(rule):
    only(rule, "id", "shortDescription", "help")
    must(isinstance(rule["id"], str) and rule["id"] != "", "a rule without id")
    text_of(rule["shortDescription"], rule["id"])
    if "help" in rule:
        text_of(rule["help"], rule["id"])


def check_location(location):
    only(location, "physicalLocation")
    place = location["physicalLocation"]
    only(place, "artifactLocation", "region")
    only(place["artifactLocation"], "uri")
    uri = place["artifactLocation"]["uri"]
    must(URI.fullmatch(uri), f"{uri!r} is no URI")
    if "region" in place:
        only(place["region"], "startLine", "startColumn")
        must(all(isinstance(n, int) and n >= 1 for n in place["region"].values()), "a region")


def check_sarif(text):
    log = json.loads(text)
    only(log, "$schema", "version", "runs")
    must(log["version"] == "2.1.0" and len(log["runs"]) == 1, "version or runs")
    run = log["runs"][0]
    only(run, "tool", "columnKind", "results")
    must(run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints"), "columnKind")
    driver = run["tool"]["driver"]
    only(driver, "name", "version", "rules")
    must(driver["name"] == "weir", "the driver's name")
    for rule in driver["rules"]:
        check_rule(rule)
    ids = [rule["id"] for rule in driver["rules"]]
    must(len(set(ids)) == len(ids), "an id that two rules have")
    for result in run["results"]:
        only(result, "ruleId", "level", "message", "locations")
        must(result["ruleId"] in ids, f"{result['ruleId']} is no rule")
        must(result["level"] in ("none", "note", "warning", "error"), "level")
        text_of(result["message"], "a result")
        must(len(result["locations"]) == 1, "locations")
        check_location(result["locations"][0])
    return len(run["results"])


def check_junit(text):
    root = xml.etree.ElementTree.fromstring(text)
    must(root.tag == "testsuites" and [suite.tag for suite in root] == ["testsuite"], "the suites")
    suite = root[0]
    cases = list(suite)
    must(all(case.tag == "testcase" and case.get("name") and case.get("classname") for case in cases),
         "a case")
    kinds = [element for case in cases for element in case]
    must(all(element.tag in ("failure", "error") and element.get("message") for element in kinds),
         "what a case has")
    for name, count in (("tests", len(cases)),
                        ("failures", sum(e.tag == "failure" for e in kinds)),
                        ("errors", sum(e.tag == "error" for e in kinds))):
        must(suite.get(name) == str(count), f"{name} is {suite.get(name)}, and there are {count}")
    return len(kinds)


def check_json(text):
    log = json.loads(text)
    only(log, "findings", "files", "errors", "warnings", "notices")
    for severity in ("error", "warning", "notice"):
        count = sum(f["severity"] == severity for f in log["findings"])
        must(log[severity + "s"] == count, f"{severity}s")
    for finding in log["findings"]:
        must({"file", "line", "column", "stage", "hazard", "path", "message"} <= set(finding), finding)
        must(finding["hazard"] == "" or ("why" in finding and "fix" in finding), finding)
    return len(log["findings"])


def main():
    form, path = sys.argv[1:]
    with open(path, encoding="utf-8", errors="strict") as file:
        count = {"json": check_json, "sarif": check_sarif, "junit": check_junit}[form](file.read())
    print(f"{form}: {count} findings")


main()
