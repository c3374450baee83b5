/*
 * database.c - what pods share outside of the cluster.
 *
 * Two versions that overlap share a database.  It allows so many connections
 * (cluster.databases); a process opens its own (images: database) when it is
 * about to listen, keeps them to its end, and exits with an error if there
 * are not enough: so a surge, or pods that are slow to go, keep new ones out.
 *
 * What is kept has a form, the number of its schema (images: schema).  The
 * first process that writes a newer form brings everything into it before it
 * listens, once: an undo does not bring the old form back.  Processes that
 * run go on writing their own.  A process answers requests with errors while
 * anything is kept, or written by another, in a form that it cannot read.  So
 * a change is safe if each version reads what the one before and the one
 * after write: expand, then contract, in a release of its own.
 *
 * Not modelled: how long a migration takes and what it locks; pools that grow
 * and shrink; data that nobody asks for again.  What old processes wrote is
 * converted when the last of them is gone.
 */
#include "models/database.h"

#include <stdarg.h>
#include <string.h>

#include "base/bug.h"
#include "base/pool.h"
#include "base/vec.h"
#include "models/world.h"

struct database;

struct session {                /* of one process, while it runs */
    struct database *database;
    struct process *process;
    int connections;
    uint64_t reads;             /* bit f: form f */
    int writes;                 /* 0: nothing that matters */
    bool blind;                 /* cannot read all there is */
};

struct database {
    struct world *w;
    const char *name;
    int limit, used;            /* connections; limit 0: none */
    int form;                   /* of what is kept; 0: nothing yet */
    VEC(struct session *) sessions;
};

struct databases {
    struct map by_name;
    struct pool sessions;
};

static int limit_of(const struct world *w, const char *name)
{
    const struct cluster_spec *c = &w->spec->cluster;

    for (size_t i = 0; i < c->ndatabases; i++)
        if (strcmp(c->databases[i].name, name) == 0)
            return c->databases[i].connections;
    return 0;
}

static struct database *database_of(struct world *w, const char *name)
{
    struct database *d = map_get(&w->databases->by_name, name);

    if (!d) {
        d = arena_make(w->arena, struct database);
        d->w = w;
        d->name = name;
        d->limit = limit_of(w, name);
        map_put(&w->databases->by_name, name, d);
    }
    return d;
}

static void note(struct database *d, const struct process *p,
                 const char *reason, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
static void note(struct database *d, const struct process *p,
                 const char *reason, const char *format, ...)
{
    struct arena *a = d->w->arena;
    const struct meta *m = d->w->record.rows ? api_get(d->w->api, p->pod)
                                             : NULL;
    va_list args;

    if (!m)
        return;
    va_start(args, format);
    record_note(d->w, "Database", reason, m->space,
                arena_printf(a, "pod/%s", m->name),
                arena_vprintf(a, format, args));
    va_end(args);
}

/* ---- forms -------------------------------------------------------------- */

static uint64_t bit(int form)
{
    return form > 0 ? UINT64_C(1) << form : 0;
}

/* The forms that are kept or being written. */
static uint64_t present(const struct database *d)
{
    uint64_t forms = bit(d->form);

    for (size_t i = 0; i < d->sessions.len; i++)
        forms |= bit(d->sessions.items[i]->writes);
    return forms;
}

/* The newest of some forms. */
static int newest(uint64_t forms)
{
    int f = 0;

    while (forms >>= 1)
        f++;
    return f;
}

/* Who can read what there is now? */
static void look(struct database *d)
{
    uint64_t forms = present(d);

    for (size_t i = 0; i < d->sessions.len; i++) {
        struct session *s = d->sessions.items[i];
        uint64_t unread = s->reads ? forms & ~s->reads : 0;

        if (unread && !s->blind)
            note(d, s->process, "Unreadable", "cannot read schema %d of "
                 "database %s: answers are errors from now on",
                 newest(unread), d->name);
        if (!unread && s->blind)
            note(d, s->process, "Readable", "can read all of database %s "
                 "again", d->name);
        s->blind = unread != 0;
    }
}

static void migrate(struct database *d, const struct process *p, int form)
{
    if (d->form > 0)
        note(d, p, "Migrated", "database %s goes from schema %d to %d",
             d->name, d->form, form);
    d->form = form;
}

/* ---- processes ---------------------------------------------------------- */

bool database_open(struct world *w, struct process *p)
{
    const struct behaviour *b = p->behaviour;
    struct database *d;
    struct session *s;

    if (b->database.connections == 0 && b->schema.reads == 0)
        return true;
    CHECK(!p->session);
    d = database_of(w, b->database.name);
    if (d->limit > 0 && d->used + b->database.connections > d->limit) {
        note(d, p, "TooManyConnections", "database %s has %d of %d "
             "connections in use, %d more are needed", d->name, d->used,
             d->limit, b->database.connections);
        return false;
    }
    s = pool_take(&w->databases->sessions);
    s->database = d;
    s->process = p;
    s->connections = b->database.connections;
    s->reads = b->schema.reads;
    s->writes = b->schema.writes;
    d->used += s->connections;
    p->session = s;
    vec_push(w->arena, &d->sessions, s);
    if (s->writes > d->form)
        migrate(d, p, s->writes);
    look(d);
    return true;
}

void database_close(struct world *w, struct process *p)
{
    struct database *d;

    if (!p->session)
        return;
    d = p->session->database;
    for (size_t i = 0; i < d->sessions.len; i++)
        if (d->sessions.items[i] == p->session) {
            vec_remove(&d->sessions, i);
            break;
        }
    d->used -= p->session->connections;
    pool_put(&w->databases->sessions, p->session);
    p->session = NULL;
    look(d);
}

bool database_readable(const struct process *p)
{
    return !p->session || !p->session->blind;
}

struct databases *databases_new(struct world *w)
{
    struct databases *all = arena_make(w->arena, struct databases);

    map_init(&all->by_name, w->arena);
    pool_init(&all->sessions, w->arena, sizeof(struct session));
    return all;
}
