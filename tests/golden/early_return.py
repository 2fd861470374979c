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
    # forward
    t1 = bound <= 0
    # reverse
    if t1:  # line 5: if bound <= 0:
        dx = 0.5 * dresult  # line 6: return x * 0.5
    else:
        total = 0.0 + x  # line 9: total = total + x / (k + 1)
        t1 = total > bound  # line 10: if total > bound:
        if t1:
            returned = True
        else:
            returned = False
        if returned:
            returned2 = returned
        else:
            total2 = total + x / 2
            t2 = total2 > bound
            if t2:
                returned2 = True
                until1_2 = True
            else:
                returned2 = returned
                until1_2 = False
            if not until1_2:
                total3 = total2 + x / 3
                t3 = total3 > bound
                if t3:
                    returned2 = True
                    until1_3 = True
                else:
                    until1_3 = False
                if not until1_3:
                    total4 = total3 + x / 4
                    t4 = total4 > bound
                    if t4:
                        returned2 = True
                        until1_4 = True
                    else:
                        until1_4 = False
                    if not until1_4:
                        total5 = total4 + x / 5
                        t5 = total5 > bound
                        if t5:
                            returned2 = True
                            until1_5 = True
                        else:
                            until1_5 = False
                        if not until1_5:
                            total6 = total5 + x / 6
                            t6 = total6 > bound
                            if t6:
                                returned2 = True
                                until1_6 = True
                            else:
                                until1_6 = False
                            if not until1_6:
                                total7 = total6 + x / 7
                                t7 = total7 > bound
                                if t7:
                                    returned2 = True
                                    until1_7 = True
                                else:
                                    until1_7 = False
                                if not until1_7:
                                    total8 = total7 + x / 8
                                    t8 = total8 > bound
                                    if t8:
                                        returned2 = True
                                        until1_8 = True
                                    else:
                                        until1_8 = False
                                    if not until1_8:
                                        total9 = total8 + x / 9
                                        t9 = total9 > bound
                                        if t9:
                                            returned2 = True
                                            until1 = True
                                        else:
                                            until1 = False
                                        if not until1:
                                            total10 = total9 + x / 10
                                            t10 = total10 > bound
                                            if t10:
                                                returned2 = True
        if not returned2:  # line 12: return total
            dtotal, dresult = dresult, 0.0
        else:
            dtotal = 0.0
        if returned:
            dx = 0.0
        else:
            if until1_2:
                dx = 0.0
            else:
                if until1_3:
                    dx = 0.0
                else:
                    if until1_4:
                        dx = 0.0
                    else:
                        if until1_5:
                            dx = 0.0
                        else:
                            if until1_6:
                                dx = 0.0
                            else:
                                if until1_7:
                                    dx = 0.0
                                else:
                                    if until1_8:
                                        dx = 0.0
                                    else:
                                        if until1:
                                            dx = 0.0
                                        else:
                                            if t10:
                                                dx = dresult * total10  # line 11: return total * x
                                                dtotal += dresult * x
                                                dresult = 0.0
                                            else:
                                                dx = 0.0
                                            dx += dtotal / 10
                                        if t9:
                                            dtotal += dresult * x
                                            dx += dresult * total9
                                            dresult = 0.0
                                        dx += dtotal / 9
                                    if t8:
                                        dtotal += dresult * x
                                        dx += dresult * total8
                                        dresult = 0.0
                                    dx += dtotal / 8
                                if t7:
                                    dtotal += dresult * x
                                    dx += dresult * total7
                                    dresult = 0.0
                                dx += dtotal / 7
                            if t6:
                                dtotal += dresult * x
                                dx += dresult * total6
                                dresult = 0.0
                            dx += dtotal / 6
                        if t5:
                            dtotal += dresult * x
                            dx += dresult * total5
                            dresult = 0.0
                        dx += dtotal / 5
                    if t4:
                        dtotal += dresult * x
                        dx += dresult * total4
                        dresult = 0.0
                    dx += dtotal / 4
                if t3:
                    dtotal += dresult * x
                    dx += dresult * total3
                    dresult = 0.0
                dx += dtotal / 3
            if t2:
                dtotal += dresult * x
                dx += dresult * total2
                dresult = 0.0
            dx += dtotal / 2
        if t1:
            dtotal += dresult * x
            dx += dresult * total
        dx += dtotal
    return dx
