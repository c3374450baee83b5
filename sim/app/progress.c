/*
 * progress.c - the progress line.
 */
#include "app/progress.h"
#include <time.h>
#include <unistd.h>

#define FIRST_S 0.5             /* what ends before is not worth a line */
#define REDRAW_S 0.1
#define LINE_S 30.0             /* between two lines, if no terminal */
#define BAR 20                  /* columns */

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

void progress_start(struct progress *p, const struct app *app, size_t total)
{
    bool wanted = !app->o.quiet && !app->o.no_progress;
    int fd = fileno(app->err);

    *p = (struct progress){ .out = wanted && fd >= 0 ? app->err : NULL,
                            .command = app->command ? app->command->name : "",
                            .start = now_s(), .total = total };
    p->shown = p->start;
    p->terminal = p->out && isatty(fd) == 1;
}

/* "0:21", "12:04", "3:07:00" */
static void put_time(FILE *out, double s)
{
    long t = (long)(s + 0.5);

    if (t >= 3600)
        fprintf(out, "%ld:%02ld:%02ld", t / 3600, t / 60 % 60, t % 60);
    else
        fprintf(out, "%ld:%02ld", t / 60, t % 60);
}

static void put_bar(FILE *out, size_t done, size_t total)
{
    size_t full = total > 0 ? done * BAR / total : 0;

    fputc('[', out);
    for (size_t i = 0; i < BAR; i++)
        fputc(i < full ? '#' : ' ', out);
    fputs("]  ", out);
}

void progress_show(struct progress *p, size_t done, size_t found)
{
    double t, pace;

    if (!p->out)
        return;
    t = now_s();
    if (t - p->start < FIRST_S ||
        t - p->shown < (p->terminal ? REDRAW_S : LINE_S))
        return;
    p->shown = t;
    pace = (double)(done - found) / (t - p->start);
    fprintf(p->out, "%s%s  ", p->terminal ? "\r\033[K" : "", p->command);
    if (p->terminal)
        put_bar(p->out, done, p->total);
    fprintf(p->out, "%zu/%zu replications  %.1f/s", done, p->total, pace);
    if (pace > 0 && p->total >= done) {
        fputs("  eta ", p->out);
        put_time(p->out, (double)(p->total - done) / pace);
    }
    if (!p->terminal)
        fputc('\n', p->out);
    fflush(p->out);
}

void progress_end(struct progress *p)
{
    if (p->out && p->terminal && p->shown > p->start)
        fputs("\r\033[K", p->out);
    p->out = NULL;
}
