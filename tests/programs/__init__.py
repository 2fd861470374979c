"""Random programs: written by `generator`, judged by `judge`, made small by `shrink`.

    python -m tests.programs --seed 17            print program 17 and judge it
    python -m tests.programs --seed 0 --count 500 judge 500 programs; print the failing ones, shrunk
"""
