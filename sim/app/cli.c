/*
 * cli.c - reading the command line and running a command.
 *
 * Results go to stdout and are the same for the same input, seed and version;
 * everything else goes to stderr.  A result that could not be written whole is
 * a failure (4), so a full disk is noticed.
 */
#include "app/cli.h"
#include <langinfo.h>
#include <locale.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <gsl/gsl_errno.h>
#include "base/text.h"
#include "base/units.h"

enum exit_code cli_usage(struct app *app, const char *format, ...)
{
    va_list args;

    fputs("rollsim: ", app->err);
    va_start(args, format);
    vfprintf(app->err, format, args);
    va_end(args);
    if (app->command)
        fprintf(app->err, "\nusage: rollsim %s %s\nsee:   rollsim help %s\n",
                app->command->name, app->command->usage, app->command->name);
    else
        fputs("\nsee: rollsim help\n", app->err);
    return EXIT_USAGE;
}

/* ---- options ------------------------------------------------------------- */

/* A command line being read. */
struct reader {
    struct app *app;
    int argc;
    char **argv;
    int at;
    bool bad;
};

/* The option that a long word names; *text is what follows '='. */
static const struct option *find_long(const struct app *app, const char *word,
                                      const char **text)
{
    const struct option *const tables[] = {
        app->command ? app->command->options : NULL, global_options
    };
    size_t len = strcspn(word, "=");

    *text = word[len] == '=' ? word + len + 1 : NULL;
    for (size_t t = 0; t < 2; t++)
        for (const struct option *o = tables[t]; o && o->name; o++)
            if (strlen(o->name) == len && memcmp(o->name, word, len) == 0)
                return o;
    return NULL;
}

static const struct option *find_letter(const struct app *app, char letter)
{
    const struct option *const tables[] = {
        app->command ? app->command->options : NULL, global_options
    };

    for (size_t t = 0; t < 2; t++)
        for (const struct option *o = tables[t]; o && o->name; o++)
            if (o->letter == letter)
                return o;
    return NULL;
}

static void unknown_option(struct reader *r, const char *word)
{
    const char *names[64];
    size_t n = 0;
    const char *near;
    const struct option *const tables[] = {
        r->app->command ? r->app->command->options : NULL, global_options
    };

    for (size_t t = 0; t < 2; t++)
        for (const struct option *o = tables[t]; o && o->name && n < 63; o++)
            names[n++] = o->name;
    names[n] = NULL;
    near = word[1] == '-' ? nearest_word(arena_strndup(r->app->arena, word + 2,
                                         strcspn(word + 2, "=")), names)
                          : NULL;
    if (near)
        cli_usage(r->app, "unknown option \"%s\", did you mean \"--%s\"?",
                  word, near);
    else
        cli_usage(r->app, "unknown option \"%s\"", word);
    r->bad = true;
}

/* Is text one of the words of a choice ("auto|always|never")? */
static bool is_choice(const char *choices, const char *text)
{
    size_t len = strlen(text);

    for (const char *p = choices; len && *p; p += *p == '|') {
        size_t n = strcspn(p, "|");

        if (n == len && memcmp(p, text, n) == 0)
            return true;
        p += n;
    }
    return false;
}

static void store(struct reader *r, const struct option *o, const char *text)
{
    void *at = (char *)&r->app->o + o->offset;

    switch (o->kind) {
    case OPTION_SWITCH:
        *(bool *)at = true;
        return;
    case OPTION_CHOICE:
        if (!is_choice(o->arg, text)) {
            cli_usage(r->app, "--%s must be one of %s, got \"%s\"", o->name,
                      o->arg, text);
            r->bad = true;
        }
        *(const char **)at = text;
        return;
    case OPTION_TEXT:
        *(const char **)at = text;
        return;
    case OPTION_COUNT:
        if (parse_int(text, at, NULL) && *(int64_t *)at >= 0)
            return;
        cli_usage(r->app, "--%s must be a whole number, got \"%s\"", o->name,
                  text);
        r->bad = true;
        return;
    case OPTION_LIST:
        vec_push(r->app->arena, (text_list *)at, text);
        return;
    }
}

/* Give option o its text: attached, or the next word. */
static void take(struct reader *r, const struct option *o, const char *text,
                 const char *word)
{
    if (o->kind == OPTION_SWITCH && text) {
        cli_usage(r->app, "option \"%s\" takes no value", word);
        r->bad = true;
        return;
    }
    if (o->kind != OPTION_SWITCH && !text) {
        if (r->at + 1 >= r->argc) {
            cli_usage(r->app, "option \"%s\" needs a value: %s", word, o->arg);
            r->bad = true;
            return;
        }
        text = r->argv[++r->at];
    }
    if (text && !*text) {       /* a shell's variable that is not set */
        cli_usage(r->app, "option \"%s\" got an empty value: %s", word,
                  o->arg);
        r->bad = true;
        return;
    }
    store(r, o, text);
}

/* A cluster of letters: -qn5. */
static void read_letters(struct reader *r, const char *word)
{
    for (const char *p = word + 1; *p && !r->bad; p++) {
        const struct option *o = find_letter(r->app, *p);

        if (!o) {
            unknown_option(r, word);
        } else if (o->kind == OPTION_SWITCH) {
            store(r, o, NULL);
        } else {
            const char *rest = p[1] == '=' ? p + 2 : p[1] ? p + 1 : NULL;

            take(r, o, rest, word);
            return;
        }
    }
}

static void read_word(struct reader *r, bool *options)
{
    const char *word = r->argv[r->at], *text;

    if (!*options || word[0] != '-' || word[1] == '\0') {
        vec_push(r->app->arena, &r->app->o.words, word);
    } else if (strcmp(word, "--") == 0) {
        *options = false;
    } else if (word[1] == '-') {
        const struct option *o = find_long(r->app, word + 2, &text);

        if (o)
            take(r, o, text, word);
        else
            unknown_option(r, word);
    } else {
        read_letters(r, word);
    }
}

/* ---- the program --------------------------------------------------------- */

static bool want_colour(const struct app *app, FILE *stream)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    const char *force = getenv("CLICOLOR_FORCE");

    if (strcmp(app->o.color, "auto") != 0)
        return strcmp(app->o.color, "always") == 0;
    if (force && force[0] && strcmp(force, "0") != 0)
        return true;
    if ((no && no[0]) || (term && strcmp(term, "dumb") == 0))
        return false;
    return isatty(fileno(stream)) == 1;
}

enum exit_code cli_unknown_command(struct app *app, const char *word)
{
    const char *names[32], *near;
    size_t n = 0;

    for (const struct command *c = commands; c->name; c++)
        names[n++] = c->name;
    names[n] = NULL;
    near = nearest_word(word, names);
    return near ? cli_usage(app, "unknown command \"%s\", did you mean "
                            "\"%s\"?", word, near)
                : cli_usage(app, "unknown command \"%s\"", word);
}

/* The command is the first word; options may stand before it. */
static bool find_command(struct app *app, int argc, char **argv, int *at)
{
    for (*at = 1; *at < argc && argv[*at][0] == '-'; ++*at)
        if (strcmp(argv[*at], "--version") == 0)
            app->o.version = true;
        else if (strcmp(argv[*at], "--help") == 0 ||
                 strcmp(argv[*at], "-h") == 0)
            app->o.help = true;
        else
            break;
    if (*at == argc || argv[*at][0] == '-')
        return false;
    app->command = command_find(argv[*at]);
    if (app->command)
        return true;
    cli_unknown_command(app, argv[*at]);
    return false;
}

/* Without a command: help, version, or a fault. */
static enum exit_code no_command(struct app *app, int argc, char **argv,
                                 int at)
{
    if (argc == 1) {
        cli_help_brief(app->err);
        return EXIT_USAGE;
    }
    if (at < argc && argv[at][0] == '-')
        return cli_usage(app, "unknown option \"%s\" before the command",
                         argv[at]);
    if (at < argc)
        return EXIT_USAGE;      /* said by find_command */
    if (app->o.help)
        cli_help_all(app->out);
    else if (app->o.version)
        return command_version(app);
    return EXIT_DONE;
}

static enum exit_code dispatch(struct app *app, int argc, char **argv)
{
    struct reader r = { .app = app, .argc = argc, .argv = argv };
    bool options = true;

    if (!find_command(app, argc, argv, &r.at))
        return no_command(app, argc, argv, r.at);
    for (r.at++; r.at < argc && !r.bad; r.at++)
        read_word(&r, &options);
    if (r.bad)
        return EXIT_USAGE;
    if (app->o.replications == 0)
        return cli_usage(app, "--replications must be at least 1");
    if (app->o.replications > REPLICATIONS_MOST)
        return cli_usage(app, "--replications must be at most %d",
                         REPLICATIONS_MOST);
    app->colour_out = want_colour(app, app->out);
    app->colour_err = want_colour(app, app->err);
    app->glyphs = !app->o.ascii &&
                  strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    if (app->o.help) {
        cli_help_command(app->out, app->command);
        return EXIT_DONE;
    }
    if (!*app->command->usage && app->o.words.len > 0)
        return cli_usage(app, "%s takes no word, got \"%s\"",
                         app->command->name, app->o.words.items[0]);
    return app->command->run(app);
}

/* Print what was found; warnings are silent with -q. */
static void print_errors(struct app *app)
{
    enum err_format format = ERR_HUMAN;

    if (app->o.quiet && app->errors.errors == 0)
        return;
    if (app->o.format)
        format = strcmp(app->o.format, "json") == 0 ? ERR_JSON
                 : strcmp(app->o.format, "gcc") == 0 ? ERR_GCC : ERR_HUMAN;
    err_print(&app->errors, app->err, format, app->colour_err);
}

int cli_main(int argc, char **argv, FILE *out, FILE *err)
{
    struct app app = { .out = out, .err = err, .argc = argc, .argv = argv };
    enum exit_code code;

    setlocale(LC_CTYPE, "");
    gsl_set_error_handler_off();
    app.arena = arena_new();
    app.o.color = "auto";
    app.o.seed = app.o.replications = app.o.least = app.o.jobs = -1;
    app.o.cell = app.o.remove = -1;
    app.o.points = app.o.budget = -1;
    err_init(&app.errors, app.arena);
    code = dispatch(&app, argc, argv);
    print_errors(&app);
    if (fflush(out) != 0 || ferror(out)) {
        fputs("rollsim: cannot write the result\n", err);
        if (code == EXIT_DONE || code == EXIT_MISSED || code == EXIT_UNDECIDED)
            code = EXIT_SYSTEM;
    }
    arena_free(app.arena);
    return (int)code;
}
