/*
 * gnuplot.c - drawing a figure by running gnuplot.
 *
 * posix_spawnp("gnuplot", "-d", script): no shell, so nothing in a name is
 * executed; -d, so the user's ~/.gnuplot is not.  After a fault in a script
 * gnuplot leaves an empty picture: that is removed.  What it says on stderr
 * goes into a file beside the script and from there into the message.
 */
#include "io/gnuplot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "io/file.h"

#define PATIENCE_MS 60000

extern char **environ;

void gnuplot_text(struct buf *script, const char *name, const char *text)
{
    const char *p = text;

    buf_printf(script, "%s = ", name);
    for (; *p == '\''; p++)     /* it cannot read a doubled one at the start */
        buf_puts(script, "\"\\047\".");
    buf_putc(script, '\'');
    for (; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 127)
            buf_putc(script, ' ');
        else if (*p == '\'')
            buf_puts(script, "''");
        else
            buf_putc(script, *p);
    }
    buf_puts(script, "'\n");
}

void gnuplot_real(struct buf *script, const char *name, double x)
{
    char room[32];

    buf_printf(script, "%s = %s\n", name, format_real(room, x));
}

/* Start gnuplot with stdin closed off and both outputs in the file log.
 * Returns 0 or an errno. */
static int start(const char *script, const char *log, pid_t *pid)
{
    char program[] = "gnuplot", option[] = "-d";
    char *const argv[] = { program, option, (char *)script, NULL };
    posix_spawn_file_actions_t files;
    int code;

    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&files, 1, log,
                                     O_WRONLY | O_CREAT | O_TRUNC, 0644);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    code = posix_spawnp(pid, "gnuplot", &files, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&files);
    return code;
}

/* Wait for pid.  Returns its exit status; -1 if it was killed, by us after a
 * minute or by others. */
static int wait_for(pid_t pid)
{
    const struct timespec pause = { 0, 10000000 };
    int status = 0;

    for (int ms = 0; waitpid(pid, &status, WNOHANG) == 0; ms += 10) {
        if (ms >= PATIENCE_MS)
            kill(pid, SIGKILL);
        nanosleep(&pause, NULL);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The last line that gnuplot printed which is not empty, for the message. */
static const char *complaint(struct arena *a, const char *log)
{
    struct file_data d;
    struct err_list unread;
    const char *last = "";
    char *p;

    err_init(&unread, a);
    if (file_read(a, log, 65536, NULL, &d, &unread) != SIM_OK)
        return last;
    p = arena_strndup(a, d.bytes, d.len);
    for (char *line = strtok_r(p, "\n", &p); line;
         line = strtok_r(NULL, "\n", &p))
        if (strspn(line, " ^\t") < strlen(line))
            last = line;
    return last;
}

static bool is_there(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && st.st_size > 0;
}

enum sim_code gnuplot_run(struct arena *a, const char *script,
                          const char *output, struct err_list *errors)
{
    const char *log = arena_printf(a, "%s.log", script);
    pid_t pid;
    int code;

    remove(output);
    code = start(script, log, &pid);
    if (code != 0) {
        struct diag *d = err_error(errors, NULL, "cannot run gnuplot: %s",
                                   strerror(code));

        diag_help(errors, d, "install the Debian package gnuplot-nox");
        return SIM_SYSTEM;
    }
    code = wait_for(pid);
    if (code == 0 && is_there(output)) {
        remove(log);
        return SIM_OK;
    }
    if (code == 127)            /* where posix_spawn reports it this way */
        err_error(errors, NULL, "cannot run gnuplot: install the Debian "
                  "package gnuplot-nox");
    else
        err_error(errors, NULL, "gnuplot could not draw \"%s\": %s (the "
                  "script is %s)", output, complaint(a, log), script);
    remove(output);
    remove(log);
    return SIM_SYSTEM;
}
