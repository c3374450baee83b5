/*
 * test_file.c - reading whole, finding by pattern, replacing whole.
 *
 * Each test works in a fresh folder under /tmp and leaves nothing there.
 */
#define _XOPEN_SOURCE 700       /* nftw, mkdtemp */
#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/arena.h"
#include "base/bug.h"
#include "base/err.h"
#include "io/file.h"

static struct arena *arena;
static struct err_list errors;
static char folder[64];

static void set_up(void)
{
    arena = arena_new();
    err_init(&errors, arena);
    strcpy(folder, "/tmp/rollsim-file-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static int remove_one(const char *path, const struct stat *st, int type,
                      struct FTW *walk)
{
    (void)st;
    (void)type;
    (void)walk;
    return remove(path);
}

static void tear_down(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    arena_free(arena);
}

/* name inside the folder of this test. */
static const char *in(const char *name)
{
    return arena_printf(arena, "%s/%s", folder, name);
}

static void put(const char *name, const char *text)
{
    FILE *f = fopen(in(name), "wb");

    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

static const char *content(const char *name)
{
    struct file_data data;

    ck_assert_int_eq(file_read(arena, in(name), 0, NULL, &data, &errors),
                     SIM_OK);
    return data.bytes;
}

/* Names in the folder, "." and ".." not counted. */
static int count(void)
{
    file_names names = { 0 };

    if (file_glob(arena, in(""), "*", NULL, &names, &errors) != SIM_OK)
        return 0;
    int n = (int)names.len;
    names.len = 0;
    if (file_glob(arena, in(""), ".[!.]*", NULL, &names, &errors) == SIM_OK)
        n += (int)names.len;
    return n;
}

/* ---- reading -------------------------------------------------------------- */

START_TEST(a_file_is_read_whole_or_up_to_the_limit)
{
    struct file_data data;

    put("a", "12345");
    ck_assert_int_eq(file_read(arena, in("a"), 5, NULL, &data, &errors),
                     SIM_OK);
    ck_assert_uint_eq(data.len, 5);
    ck_assert(!data.more);
    ck_assert_int_eq(file_read(arena, in("a"), 4, NULL, &data, &errors),
                     SIM_OK);
    ck_assert_str_eq(data.bytes, "1234");
    ck_assert(data.more);
    put("empty", "");
    ck_assert_str_eq(content("empty"), "");
}
END_TEST

START_TEST(a_name_that_does_not_exist_gets_the_nearest_that_does)
{
    struct file_data data;
    struct source source = { "s.yaml", "", 0 };
    struct mark at = { &source, 3, 5, 8 };

    put("service.yaml", "");
    put("deploy.yaml", "");
    ck_assert_int_eq(file_read(arena, in("servce.yaml"), 0, &at, &data,
                               &errors), SIM_SYSTEM);
    ck_assert_str_eq(errors.items[0].help, "did you mean \"service.yaml\"?");
    ck_assert_int_eq(errors.items[0].mark.line, 3);
}
END_TEST

START_TEST(a_folder_that_does_not_exist_is_named)
{
    struct file_data data;

    ck_assert_int_eq(file_read(arena, in("no/x.yaml"), 0, NULL, &data,
                               &errors), SIM_SYSTEM);
    ck_assert_str_eq(errors.items[0].text,
                     arena_printf(arena, "cannot read \"%s\": there is no "
                                  "folder \"%s\"", in("no/x.yaml"),
                                  in("no/")));
}
END_TEST

START_TEST(a_folder_is_no_file)
{
    struct file_data data;

    ck_assert_int_eq(file_read(arena, folder, 0, NULL, &data, &errors),
                     SIM_SYSTEM);
    ck_assert_str_eq(errors.items[0].text,
                     arena_printf(arena, "cannot read \"%s\": Is a directory",
                                  folder));
}
END_TEST

static const struct {
    const char *base, *path, *result;
} places[] = {
    { "s.yaml", "k8s/a.yaml", "k8s/a.yaml" },
    { "x/y/s.yaml", "k8s/a.yaml", "x/y/k8s/a.yaml" },
    { "x/s.yaml", "../a.yaml", "x/../a.yaml" },
    { "/s.yaml", "a", "/a" },
    { "x/s.yaml", "/a", "/a" },
    { "-", "a", "a" },
    { "x/s.yaml", "-", "-" },
};

START_TEST(paths_are_relative_to_the_file_that_names_them)
{
    ck_assert_str_eq(file_beside(arena, places[_i].base, places[_i].path),
                     places[_i].result);
}
END_TEST

/* ---- patterns ------------------------------------------------------------- */

static const char *joined(const file_names *names)
{
    const char *all = "";
    size_t skip = strlen(folder) + 1;

    for (size_t i = 0; i < names->len; i++)
        all = arena_printf(arena, "%s%s%s", all, i ? " " : "",
                           names->items[i] + skip);
    return all;
}

static const struct {
    const char *pattern, *found;
} patterns[] = {
    { "k8s/*.yaml", "k8s/B.yaml k8s/a.yaml k8s/b.yaml" },   /* byte order */
    { "k8s/[ab].yaml", "k8s/a.yaml k8s/b.yaml" },
    { "k8s/?.yml", "k8s/c.yml" },
    { "k8s", "k8s/B.yaml k8s/a.yaml k8s/b.yaml k8s/c.yml k8s/d.json" },
    { "k8s/", "k8s/B.yaml k8s/a.yaml k8s/b.yaml k8s/c.yml k8s/d.json" },
    { "*/a.yaml", "k8s/a.yaml" },
    { "s*.yaml", "s[1].yaml" },
};

START_TEST(patterns_select_sorted_files_beside_the_base)
{
    static const char *const made[] = {
        "k8s/b.yaml", "k8s/a.yaml", "k8s/B.yaml", "k8s/c.yml", "k8s/d.json",
        "k8s/README.md", "k8s/.hidden.yaml", "s[1].yaml",
    };
    file_names names = { 0 };

    ck_assert_int_eq(file_make_folder(arena, in("k8s"), &errors), SIM_OK);
    for (size_t i = 0; i < COUNT_OF(made); i++)
        put(made[i], "");
    ck_assert_int_eq(file_glob(arena, in("s[1].yaml"), patterns[_i].pattern,
                               NULL, &names, &errors), SIM_OK);
    ck_assert_str_eq(joined(&names), patterns[_i].found);
}
END_TEST

START_TEST(wildcards_in_the_folder_of_the_base_mean_themselves)
{
    file_names names = { 0 };

    ck_assert_int_eq(file_make_folder(arena, in("a*[b"), &errors), SIM_OK);
    ck_assert_int_eq(file_make_folder(arena, in("axx[b"), &errors), SIM_OK);
    put("a*[b/x.yaml", "");
    put("axx[b/x.yaml", "");
    ck_assert_int_eq(file_glob(arena, in("a*[b/s.yaml"), "*.yaml", NULL,
                               &names, &errors), SIM_OK);
    ck_assert_str_eq(joined(&names), "a*[b/x.yaml");
}
END_TEST

START_TEST(a_pattern_that_selects_nothing_is_an_error)
{
    file_names names = { 0 };

    put("web.yaml", "");
    ck_assert_int_eq(file_make_folder(arena, in("empty"), &errors), SIM_OK);
    file_glob(arena, in("s.yaml"), "*.yml", NULL, &names, &errors);
    ck_assert_str_eq(errors.items[0].text, "no file matches \"*.yml\"");
    file_glob(arena, in("s.yaml"), "wbe.yaml", NULL, &names, &errors);
    ck_assert_str_eq(errors.items[1].help, "did you mean \"web.yaml\"?");
    file_glob(arena, in("s.yaml"), "empty", NULL, &names, &errors);
    ck_assert_str_eq(errors.items[2].text, "folder \"empty\" holds no *.yaml, "
                     "*.yml or *.json file");
    ck_assert_uint_eq(names.len, 0);
}
END_TEST

/* ---- writing -------------------------------------------------------------- */

START_TEST(the_old_content_stays_until_the_new_is_committed)
{
    struct file_out out;

    put("a", "old");
    ck_assert_int_eq(file_create(arena, in("a"), &out, &errors), SIM_OK);
    fputs("new", out.stream);
    ck_assert_str_eq(content("a"), "old");
    ck_assert_int_eq(file_commit(&out, &errors), SIM_OK);
    ck_assert_str_eq(content("a"), "new");
    ck_assert_int_eq(count(), 1);
}
END_TEST

START_TEST(what_is_abandoned_leaves_nothing)
{
    struct file_out out;

    ck_assert_int_eq(file_create(arena, in("a"), &out, &errors), SIM_OK);
    fputs("new", out.stream);
    file_abandon(&out);
    file_abandon(&out);
    ck_assert_int_eq(count(), 0);
}
END_TEST

START_TEST(a_link_stays_a_link)
{
    struct file_out out;
    struct stat st;

    put("real", "old");
    ck_assert_int_eq(symlink("real", in("link")), 0);
    ck_assert_int_eq(file_create(arena, in("link"), &out, &errors), SIM_OK);
    fputs("new", out.stream);
    ck_assert_int_eq(file_commit(&out, &errors), SIM_OK);
    ck_assert_int_eq(lstat(in("link"), &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
    ck_assert_str_eq(content("real"), "new");
}
END_TEST

START_TEST(the_mode_follows_the_umask)
{
    struct file_out out;
    struct stat st;
    mode_t old = umask(027);

    ck_assert_int_eq(file_create(arena, in("a"), &out, &errors), SIM_OK);
    ck_assert_int_eq(file_commit(&out, &errors), SIM_OK);
    umask(old);
    ck_assert_int_eq(stat(in("a"), &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0640);
}
END_TEST

START_TEST(a_full_device_is_reported_and_devices_are_written_directly)
{
    struct file_out out;
    struct stat st;

    if (stat("/dev/full", &st) != 0)
        return;                 /* not every system has one */
    ck_assert_int_eq(file_create(arena, "/dev/full", &out, &errors), SIM_OK);
    ck_assert_ptr_null(out.temporary);
    fputs("x", out.stream);
    ck_assert_int_eq(file_commit(&out, &errors), SIM_SYSTEM);
    ck_assert_str_eq(errors.items[0].text,
                     "cannot write \"/dev/full\": No space left on device");
    ck_assert_int_eq(stat("/dev/full", &st), 0);
    ck_assert(S_ISCHR(st.st_mode));
}
END_TEST

START_TEST(a_folder_that_cannot_hold_the_file_is_reported)
{
    struct file_out out;

    ck_assert_int_eq(file_create(arena, in("no/a"), &out, &errors),
                     SIM_SYSTEM);
    ck_assert_str_eq(errors.items[0].text,
                     arena_printf(arena, "cannot write \"%s\": No such file "
                                  "or directory", in("no/a")));
}
END_TEST

START_TEST(folders_are_made_with_those_above_them)
{
    ck_assert_int_eq(file_make_folder(arena, in("a/b//c/"), &errors), SIM_OK);
    ck_assert_int_eq(file_make_folder(arena, in("a/b"), &errors), SIM_OK);
    put("a/b/c/x", "1");
    put("file", "");
    ck_assert_int_eq(file_make_folder(arena, in("file/x"), &errors),
                     SIM_SYSTEM);
    ck_assert_int_eq(errors.errors, 1);
}
END_TEST

START_TEST(a_killed_writer_leaves_the_old_file_whole)
{
    put("a", "old");
    pid_t child = fork();
    if (child == 0) {
        struct file_out out;
        if (file_create(arena, in("a"), &out, &errors) == SIM_OK) {
            fputs("half", out.stream);
            fflush(out.stream);
        }
        raise(SIGKILL);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_str_eq(content("a"), "old");

    /* What it left behind is in nobody's way. */
    struct file_out out;
    ck_assert_int_eq(file_create(arena, in("a"), &out, &errors), SIM_OK);
    fputs("new", out.stream);
    ck_assert_int_eq(file_commit(&out, &errors), SIM_OK);
    ck_assert_str_eq(content("a"), "new");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file");
    TCase *tc = tcase_create("file");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, a_file_is_read_whole_or_up_to_the_limit);
    tcase_add_test(tc, a_name_that_does_not_exist_gets_the_nearest_that_does);
    tcase_add_test(tc, a_folder_that_does_not_exist_is_named);
    tcase_add_test(tc, a_folder_is_no_file);
    tcase_add_loop_test(tc, paths_are_relative_to_the_file_that_names_them, 0,
                        (int)COUNT_OF(places));
    tcase_add_loop_test(tc, patterns_select_sorted_files_beside_the_base, 0,
                        (int)COUNT_OF(patterns));
    tcase_add_test(tc, wildcards_in_the_folder_of_the_base_mean_themselves);
    tcase_add_test(tc, a_pattern_that_selects_nothing_is_an_error);
    tcase_add_test(tc, the_old_content_stays_until_the_new_is_committed);
    tcase_add_test(tc, what_is_abandoned_leaves_nothing);
    tcase_add_test(tc, a_link_stays_a_link);
    tcase_add_test(tc, the_mode_follows_the_umask);
    tcase_add_test(tc,
                   a_full_device_is_reported_and_devices_are_written_directly);
    tcase_add_test(tc, a_folder_that_cannot_hold_the_file_is_reported);
    tcase_add_test(tc, folders_are_made_with_those_above_them);
    tcase_add_test(tc, a_killed_writer_leaves_the_old_file_whole);
    suite_add_tcase(suite, tc);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
