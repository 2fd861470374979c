"""Programs of the corpus that run in NumPy alone, by what can't be compiled by XLA."""

from __future__ import annotations

NOT_COMPILED: dict[str, str] = {
    "effects of Python: draws, clocks, tables by computed keys":
        "arrays_by_label draws_that_decide dropout_and_permutation dropout_and_permutation_2 "
        "first_of_each_label generator_in_a_loop global_obj global_stream groups_by_setdefault "
        "groups_in_lists labelled_sums last_of_each_label layer_with_its_own_stream memo_of_a_sequence "
        "metropolis pairs_as_keys products_by_label python_stream sampled shortest_path shuffled_indices "
        "sparse_product squares_in_a_defaultdict static_while sums_by_label table_of_weights timed_and_logged "
        "warned weights_by_frequency without_warnings",
    "items of unlike shapes or structure in a list":
        "bound_late_and_read_in_the_next_trip heap_of_pairs heap_of_three kept_in_order "
        "lengths_in_a_list_change math_ paths_in_nested_lists rows_that_grow shadow_in_nested_comprehension "
        "table_of_lists texts_of_containers_2 unlike_lengths_in_a_list",
    "lists whose length depends on values":
        "deque_window enum_rev enumerate_rows error_with_named_parts_2 filter_none inserted_in_order "
        "iter_next max_default named_tuples_in_list nested_comprehension pascal stack_emptied stack_machine "
        "taken_from_a_list tuple_compare while_pop zip_of_array_and_list",
    "operations that JAX does not have": "any_all cmath_",
    "recursion whose depth depends on values": "decorators sorted_by_recursion",
    "slices and masks whose length depends on values":
        "butterflies_by_recursion chunked mask_makes_a_copy recursion_over_halves",
    "strings that depend on values": "conditional_expression_of_constants kind_of_string",
}
