"""Returns before the end, one of them out of a loop."""


def bounded_sum(x, bound):
    if bound <= 0:
        return x * 0.5
    total = 0.0
    for k in range(10):
        total = total + x / (k + 1)
        if total > bound:
            return total * x
    return total


ARGS = (1.2, 2.0)


# What follows is generated.


def bounded_sum_adjoint(x, bound, dresult=1.0):
    # reverse
    if bound <= 0:  # line 5: if bound <= 0:
        dx = 0.5 * dresult  # line 6: return x * 0.5
    else:
        total = 0.0
        returned = False
        total_tape = []
        trips = 0
        for k in range(10):  # line 8: for k in range(10):
            trips += 1
            total += x / (k + 1)  # line 9: total = total + x / (k + 1)
            total_tape.append(total)
            if total > bound:  # line 10: if total > bound:
                returned = True
                break
        if returned:  # line 12: return total
            dtotal = 0.0
        else:
            dtotal, dresult = dresult, 0.0
        dx = 0.0
        for k, total in zip(reversed(range(trips)), reversed(total_tape)):
            if total > bound:
                dtotal += dresult * x  # line 11: return total * x
                dx += dresult * total
                dresult = 0.0
            dx += dtotal / (k + 1)
    return dx
