/*
 * test_figures.c - every figure in every format, with hostile names.
 *
 * No pixels are compared: a picture must be well-formed, of the size asked
 * for, and nothing in a name may be executed.
 */
#include <check.h>
#include <locale.h>
#include <unistd.h>
#include "base/bug.h"
#include "command.h"
#include "io/file.h"

static struct arena *arena;
static struct err_list errors;
static char folder[64];

static void set_up(void)
{
    arena = arena_new();
    err_init(&errors, arena);
    strcpy(folder, "/tmp/rollsim-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static file_names files(const char *pattern)
{
    file_names names = {0};

    ck_assert_int_eq(file_glob(arena, "-", arena_printf(arena, "%s/%s", folder,
                                                        pattern), NULL,
                               &names, &errors), SIM_OK);
    return names;
}

static void tear_down(void)
{
    file_names names = {0};

    (void)file_glob(arena, "-", arena_printf(arena, "%s/*", folder), NULL,
                    &names, &errors);
    for (size_t i = 0; i < names.len; i++)
        remove(names.items[i]);
    rmdir(folder);
    arena_free(arena);
}

static struct file_data data_of(const char *path)
{
    struct file_data d;

    ck_assert_int_eq(file_read(arena, path, 0, NULL, &d, &errors), SIM_OK);
    return d;
}

static bool skipped(void)
{
    if (system("command -v gnuplot >/dev/null") == 0)
        return false;
    puts("SKIPPED figures: gnuplot is not there");
    return true;
}

#define HOSTILE "tests/app/data/hostile.yaml"

#define CELLS "tests/app/data/cells.yaml"       /* hostile parameters */

static void draw_by(const char *line, const char *more)
{
    struct output o = command(arena_printf(arena, "%s -q --figures %s %s",
                                           line, folder, more));

    ck_assert_msg(o.code == 0 || o.code == EXIT_UNDECIDED ||
                  o.code == EXIT_MISSED, "%s: exit %d: %s", line, o.code,
                  o.err);
    output_free(&o);
}

/* Tags nest, attributes are quoted, no bare ampersand or angle bracket. */
static bool well_formed(const char *p)
{
    const char *open[64];
    size_t depth = 0;

    for (; *p; p++) {
        size_t len;

        if (*p == '&' && strspn(p + 1, "#abcdefghijklmnopqrstuvwxyz0123456789")
                         == strcspn(p + 1, ";"))
            continue;
        if (*p == '&' || (unsigned char)*p < 9)
            return false;
        if (*p != '<')
            continue;
        if (p[1] == '?' || p[1] == '!') {
            const char *end = strncmp(p, "<!--", 4) ? ">" : "-->";

            p = strstr(p, end);
            if (!p)
                return false;
            continue;
        }
        len = strcspn(p + 1 + (p[1] == '/'), " \t\n/>");
        if (p[1] == '/') {
            if (depth == 0 || strncmp(open[--depth], p + 2, len) != 0)
                return false;
        } else if (depth < 64) {
            open[depth++] = p + 1;
        }
        for (p++; *p && *p != '>'; p++) {
            if (*p == '<')
                return false;
            if (*p == '"' || *p == '\'') {
                p = strchr(p + 1, *p);
                if (!p)
                    return false;
            }
        }
        if (*p != '>')
            return false;
        depth -= p[-1] == '/';
    }
    return depth == 0;
}

START_TEST(wellformedness_is_told)
{
    ck_assert(well_formed("<a b='>'><c/>x &lt; y</a>"));
    ck_assert(!well_formed("<a><c></a>"));
    ck_assert(!well_formed("<a>x & y</a>"));
    ck_assert(!well_formed("<a b='1></a>"));
}
END_TEST

static const struct {
    const char *line;
    size_t pictures;
} drawn[] = {
    { "compare " HOSTILE, 3 * 3 + 5 },
    { "sweep " CELLS, 2 * 2 + 1 },
    { "sweep " CELLS " --design lhs --points 9", 2 + 1 },
    { "optimize " CELLS " --budget 100", 2 + 1 },
    { "plot " CELLS " --design one-at-a-time --strategy slow", 3 },
};

/* The names try to write a file called pwned, in several ways. */
START_TEST(every_figure_is_a_wellformed_svg_and_runs_nothing)
{
    file_names names;

    if (skipped())
        return;
    draw_by(drawn[_i].line, "--format svg");
    names = files("*.svg");
    ck_assert_uint_eq(names.len, drawn[_i].pictures);
    for (size_t i = 0; i < names.len; i++) {
        struct file_data d = data_of(names.items[i]);

        ck_assert_msg(well_formed(d.bytes), "%s", names.items[i]);
        ck_assert_ptr_nonnull(strstr(d.bytes, "<path"));
    }
    ck_assert(access("pwned", F_OK) != 0);
}
END_TEST

START_TEST(pictures_have_the_size_asked_for)
{
    static const char *const lines[] = { "compare " HOSTILE, "sweep " CELLS };
    static const unsigned char start[] = { 137, 'P', 'N', 'G', 13, 10, 26, 10,
                                           0, 0, 0, 13, 'I', 'H', 'D', 'R',
                                           0, 0, 800 >> 8, 800 & 255,
                                           0, 0, 500 >> 8, 500 & 255 };
    file_names names;

    if (skipped())
        return;
    draw_by(lines[_i], "--format png --size 800x500");
    names = files("*.png");
    ck_assert_uint_gt(names.len, 4);
    for (size_t i = 0; i < names.len; i++) {
        struct file_data d = data_of(names.items[i]);

        ck_assert_msg(d.len > sizeof(start) &&
                      memcmp(d.bytes, start, sizeof(start)) == 0, "%s",
                      names.items[i]);
    }
}
END_TEST

START_TEST(axes_are_those_asked_for)
{
    struct file_data d;

    if (skipped())
        return;
    draw_by("plot " CELLS " -t heatmap --strategy slow "
            "--axes note,unavailable", "");
    d = data_of(arena_printf(arena, "%s/heatmap.gp", folder));
    ck_assert_ptr_nonnull(strstr(d.bytes, "XNAME = 'note'"));
    ck_assert_ptr_nonnull(strstr(d.bytes, "YNAME = 'unavailable'"));
    ck_assert_ptr_nonnull(strstr(d.bytes, "XSAYS1 = \"\\047\".'.syst"));
}
END_TEST

START_TEST(one_picture_goes_where_it_is_wanted)
{
    const char *path = arena_printf(arena, "%s/one.pdf", folder);
    struct output o;

    if (skipped())
        return;
    o = command(arena_printf(arena, "plot " HOSTILE " -t compare -o %s -q",
                             path));
    ck_assert_msg(o.code == 0, "exit %d: %s", o.code, o.err);
    ck_assert_int_eq(strncmp(data_of(path).bytes, "%PDF-", 5), 0);
    ck_assert_uint_eq(files("*").len, 1);
    output_free(&o);
}
END_TEST

START_TEST(without_gnuplot_the_package_is_named)
{
    char *path = strdup(getenv("PATH"));
    struct output o;

    setenv("PATH", folder, 1);
    o = command(arena_printf(arena, "run " HOSTILE " -n 1 --figures %s",
                             folder));
    setenv("PATH", path, 1);
    free(path);
    ck_assert_int_eq(o.code, EXIT_SYSTEM);
    ck_assert_ptr_nonnull(strstr(o.err, "cannot run gnuplot"));
    ck_assert_ptr_nonnull(strstr(o.err, "gnuplot-nox"));
    output_free(&o);
}
END_TEST

static const struct {
    const char *line, *says;
    int code;
} refused[] = {
    { "plot", "name a scenario", EXIT_USAGE },
    { "plot " HOSTILE " -t trafic", "did you mean \"traffic\"", EXIT_USAGE },
    { "plot " HOSTILE " -o x.svg", "--output needs --figure", EXIT_USAGE },
    { "plot " HOSTILE " -t compare -o x.gif", ".svg, .png or .pdf",
      EXIT_USAGE },
    { "plot " HOSTILE " -t pods -o x.svg", "--strategy", EXIT_USAGE },
    { "plot " HOSTILE " -t pods -o x.svg --figures y", "exclude each other",
      EXIT_USAGE },
    { "plot " HOSTILE " --size 20x20", "--size", EXIT_USAGE },
    { "plot " HOSTILE " --size 800x500x", "--size", EXIT_USAGE },
    { "plot " HOSTILE " -n 0", "at least 1", EXIT_USAGE },
    { "plot " HOSTILE " -t prestop", "nothing to draw", EXIT_INPUT },
    { "plot " HOSTILE " -t heatmap", "nothing is varied", EXIT_INPUT },
    { "plot " HOSTILE " -t pareto -n 1", "nothing to draw", EXIT_INPUT },
    { "plot " CELLS " -t heatmap -o x.svg", "--strategy", EXIT_USAGE },
    { "plot " CELLS " -t heatmap --axes unavailable", "two parameters",
      EXIT_USAGE },
    { "plot " CELLS " -t heatmap --axes unavailable,noti",
      "did you mean \"note\"", EXIT_USAGE },
    { "plot " CELLS " -t heatmap --axes note,note", "twice", EXIT_USAGE },
    { "plot " CELLS " -t heatmap --metric downtim",
      "did you mean \"downtime\"", EXIT_USAGE },
    { "plot " HOSTILE " --format gif", "--format must be one of",
      EXIT_USAGE },
};

START_TEST(wrong_use_is_refused)
{
    struct output o = command(refused[_i].line);

    ck_assert_msg(o.code == refused[_i].code, "%s: exit %d %s",
                  refused[_i].line, o.code, o.err);
    ck_assert_msg(strstr(o.err, refused[_i].says), "%s: %s", refused[_i].line,
                  o.err);
    output_free(&o);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("figures");
    TCase *t = tcase_create("figures");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_set_timeout(t, 120);
    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, wellformedness_is_told);
    tcase_add_loop_test(t, every_figure_is_a_wellformed_svg_and_runs_nothing, 0,
                        COUNT_OF(drawn));
    tcase_add_loop_test(t, pictures_have_the_size_asked_for, 0, 2);
    tcase_add_test(t, axes_are_those_asked_for);
    tcase_add_test(t, one_picture_goes_where_it_is_wanted);
    tcase_add_test(t, without_gnuplot_the_package_is_named);
    tcase_add_loop_test(t, wrong_use_is_refused, 0, COUNT_OF(refused));
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? 1 : 0;
}
