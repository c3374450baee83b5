/*
 * test_yaml_memory.c - the YAML reader when libyaml gets no memory.
 *
 * libyaml takes all its memory through yaml_malloc and yaml_realloc; those
 * here come first in the search for symbols, so the n-th call can be made to
 * fail, for n = 1, 2, ... until reading succeeds.  (Our own arenas end the
 * program when memory runs out; that is not tested here.)
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include "base/arena.h"
#include "base/err.h"
#include "io/yaml.h"

void *yaml_malloc(size_t size);
void *yaml_realloc(void *p, size_t size);
char *yaml_strdup(const char *s);

static int calls, fail_at;

static int fails(void)
{
    return ++calls == fail_at;
}

/* As libyaml's own: never of no bytes, NULL for nothing. */
void *yaml_malloc(size_t size)
{
    return fails() ? NULL : malloc(size ? size : 1);
}

void *yaml_realloc(void *p, size_t size)
{
    return fails() ? NULL : realloc(p, size ? size : 1);
}

char *yaml_strdup(const char *s)
{
    if (!s || fails())
        return NULL;
    char *copy = malloc(strlen(s) + 1);
    if (copy)
        strcpy(copy, s);
    return copy;
}

static const char text[] =
    "%YAML 1.2\n%TAG ! tag:yaml.org,2002:\n---\n"
    "a: &x {b: [1, \"two\", !!str three], ? c : d}\n"
    "e: *x\nf: |\n  text\ng: >-\n  more\n  text\n"
    "h:\n- i\n- - j\n  - {k: {l: {m: [n, [o, [p]]]}}}\n---\nq: 'r'\n";

/* Read text with the n-th allocation failing; check what is said. */
static enum sim_code load_failing(int n)
{
    struct arena *a = arena_new();
    struct yaml_stream out;
    struct err_list errors;

    calls = 0;
    fail_at = n;
    err_init(&errors, a);
    enum sim_code code = yaml_load(a, "t.yaml", text, strlen(text), false,
                                   &out, &errors);
    if (code != SIM_OK) {
        ck_assert_int_eq(code, SIM_SYSTEM);
        ck_assert_int_eq(errors.errors, 1);
        ck_assert_str_eq(errors.items[0].text,
                         "out of memory while reading \"t.yaml\"");
    }
    arena_free(a);
    return code;
}

START_TEST(every_failing_allocation_is_reported_as_lack_of_memory)
{
    int n = 1;

    while (load_failing(n) != SIM_OK) {
        ck_assert_int_ge(calls, n);     /* the n-th call did happen */
        n++;
    }
    ck_assert_int_gt(n, 30);
    ck_assert_int_lt(calls, n);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("yaml_memory");
    TCase *tc = tcase_create("yaml_memory");

    tcase_add_test(tc,
                   every_failing_allocation_is_reported_as_lack_of_memory);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
