/*
 * test_manifests.c - manifests as people and API servers write them.
 *
 * Every *.yaml and *.json of the recordings under ../shared is read without a
 * fault, and so is every table.  Skipped where ../shared is absent.
 */
#define _XOPEN_SOURCE 700       /* nftw */
#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/arena.h"
#include "base/err.h"
#include "io/csv.h"
#include "io/yaml.h"

static int files, documents, tables;

static int ends_in(const char *path, const char *end)
{
    size_t n = strlen(path), m = strlen(end);

    return n >= m && strcmp(path + n - m, end) == 0;
}

static void fail_with(const struct err_list *errors, const char *path)
{
    err_print(errors, stdout, ERR_HUMAN, false);
    ck_abort_msg("%s was refused", path);
}

/* cron_next.csv has the schedule "0 9,17 * * MON-FRI" without quotes: as a
 * table it is faulty, and must be found so. */
static void check_table(struct arena *a, const char *path,
                        struct err_list *errors)
{
    struct csv_table table;
    enum sim_code code = csv_read_file(a, path, true, NULL, &table, errors);

    if (ends_in(path, "/cron_next.csv"))
        ck_assert_int_eq(code, SIM_INVALID);
    else if (code != SIM_OK)
        fail_with(errors, path);
    tables++;
}

static int read_one(const char *path, const struct stat *st, int type,
                         struct FTW *walk)
{
    struct arena *a = arena_new();
    struct err_list errors;
    struct yaml_stream out;

    (void)st;
    (void)walk;
    err_init(&errors, a);
    if (type == FTW_F && (ends_in(path, ".yaml") || ends_in(path, ".json"))) {
        if (yaml_load_file(a, path, false, NULL, &out, &errors) != SIM_OK)
            fail_with(&errors, path);
        files++;
        documents += (int)out.docs.len;
    } else if (type == FTW_F && ends_in(path, ".csv")) {
        check_table(a, path, &errors);
    }
    arena_free(a);
    return 0;
}

static int absent(const char *what)
{
    struct stat st;

    if (stat("../shared", &st) == 0)
        return 0;
    printf("SKIPPED %s: ../shared is not there\n", what);
    fflush(stdout);
    return 1;
}

START_TEST(every_recorded_manifest_is_read)
{
    if (absent("every_recorded_manifest_is_read"))
        return;
    nftw("../shared/traces", read_one, 16, FTW_PHYS);
    nftw("../shared/requests", read_one, 16, FTW_PHYS);
    ck_assert_int_gt(files, 500);
    ck_assert_int_ge(documents, files);
}
END_TEST

START_TEST(every_conformance_table_is_read)
{
    if (absent("every_conformance_table_is_read"))
        return;
    nftw("../shared/conformance", read_one, 16, FTW_PHYS);
    ck_assert_int_gt(tables, 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("manifests");
    TCase *tc = tcase_create("manifests");

    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, every_recorded_manifest_is_read);
    tcase_add_test(tc, every_conformance_table_is_read);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
