"""Runs all tests of a directory and prints results like cargo's, so that they are counted the same way.

    run.py DIRECTORY [FILTER...]

Only tests whose name contains one of the filters run. Tests may import the modules beside this file.
"""

import os
import sys
import unittest

sys.dont_write_bytecode = True


class Result(unittest.TextTestResult):
    passed = 0

    def startTest(self, test):
        unittest.TestResult.startTest(self, test)

    def addSuccess(self, test):
        unittest.TestResult.addSuccess(self, test)
        self.passed += 1
        self._say(test, "ok")

    def addError(self, test, err):
        unittest.TestResult.addError(self, test, err)
        self._say(test, "FAILED")

    def addFailure(self, test, err):
        unittest.TestResult.addFailure(self, test, err)
        self._say(test, "FAILED")

    def addSubTest(self, test, subtest, err):
        unittest.TestResult.addSubTest(self, test, subtest, err)
        if err is not None:
            self._say(subtest, "FAILED")

    def _say(self, test, outcome):
        print(f"test {test.id()} ... {outcome}", flush=True)


def main(directory, filters):
    suite = unittest.TestSuite(
        test for test in each(unittest.defaultTestLoader.discover(os.path.abspath(directory))) if not filters or any(f in test.id() for f in filters)
    )
    print(f"\nrunning {suite.countTestCases()} tests", flush=True)
    result = unittest.TextTestRunner(stream=sys.stdout, resultclass=Result, verbosity=0).run(suite)
    failed = len(result.failures) + len(result.errors)
    verdict = "FAILED" if failed else "ok"
    print(
        f"\ntest result: {verdict}. {result.passed} passed; {failed} failed; {len(result.skipped)} ignored; "
        "0 measured; 0 filtered out"
    )
    return 1 if failed or not result.passed else 0


def each(suite):
    """The suite's tests, one by one."""
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from each(item)
        else:
            yield item


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("expected the directory of the tests")
    sys.exit(main(sys.argv[1], sys.argv[2:]))
