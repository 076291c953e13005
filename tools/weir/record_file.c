/*
 * record_file.c - the file of a recording: written block by block, and continued behind its last
 * whole one; see record.h.
 *
 * A block ends with a line {"done":MS}, in gzip it is a member of its own. What is behind the last
 * such line was being written when the recording was cut off, and is done anew.
 */
#include "record.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/base.h>
#include <zlib.h>

enum { CHUNK = 65536, START_MAX = 64 };

static const char head_start[] = "{\"weir_recording\":";

/* ---- what is there -------------------------------------------------------------------------- */

/* A file while it is read: its first line, and how the line at hand begins. */
struct scan {
    struct record_text head;
    char start[START_MAX];
    size_t length; /* of the line at hand, of which `start` has the beginning */
    int headed;    /* the first line was whole */
    int whole;     /* the last line that was whole ended a block */
    int64_t done;
    int ended;
};

static void end_line(struct scan *s)
{
    char line[START_MAX + 1];
    size_t length = s->length < START_MAX ? s->length : START_MAX;

    memcpy(line, s->start, length);
    line[length] = '\0';
    s->whole = !s->headed;
    s->headed = 1;
    if (strncmp(line, "{\"done\":", 8) == 0) {
        s->whole = 1;
        s->done = strtoll(line + 8, NULL, 10);
        s->ended = strstr(line, "\"end\":true") != NULL;
    }
    s->length = 0;
}

/* Takes bytes; gives how many of them belong to whole blocks. */
static size_t scan_bytes(struct scan *s, const char *bytes, size_t length)
{
    size_t whole = 0;

    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '\n') {
            end_line(s);
            whole = s->whole ? i + 1 : whole;
            continue;
        }
        if (!s->headed) {
            record_put(&s->head, "%c", bytes[i]);
        }
        if (s->length < START_MAX) {
            s->start[s->length] = bytes[i];
        }
        s->length++;
    }
    return whole;
}

/* A block ends here, with all of its bytes. */
static void take_block(const struct scan *s, struct record_file *file, off_t end)
{
    file->good = end;
    file->done = s->done;
    file->ended = s->ended;
}

static int scan_plain(struct scan *s, struct record_file *file)
{
    static char chunk[CHUNK];
    off_t at = 0;
    ssize_t n;

    while ((n = read(file->fd, chunk, CHUNK)) > 0) {
        size_t whole = scan_bytes(s, chunk, (size_t)n);

        if (whole > 0) {
            take_block(s, file, at + (off_t)whole);
        }
        at += n;
    }
    return n == 0;
}

/* One chunk of the file through zlib. 0 when the data end or are damaged. */
static int inflate_chunk(struct scan *s, struct record_file *file, z_stream *z, off_t at,
                         int *begun)
{
    static char out[CHUNK];
    off_t end = at + z->avail_in;

    while (z->avail_in > 0) {
        int code;

        if (!*begun) {
            inflateReset(z);
            *begun = 1;
        }
        z->next_out = (unsigned char *)out;
        z->avail_out = CHUNK;
        code = inflate(z, Z_NO_FLUSH);
        scan_bytes(s, out, CHUNK - z->avail_out);
        if (code == Z_STREAM_END) {
            *begun = 0;
            if (s->whole && s->length == 0) {
                take_block(s, file, end - z->avail_in);
            }
        } else if (code != Z_OK) {
            return 0;
        }
    }
    return 1;
}

static int scan_gzip(struct scan *s, struct record_file *file)
{
    static char chunk[CHUNK];
    z_stream z = {0};
    off_t at = 0;
    ssize_t n;
    int begun = 1;

    if (inflateInit2(&z, 15 + 16) != Z_OK) {
        errno = ENOMEM;
        return 0;
    }
    while ((n = read(file->fd, chunk, CHUNK)) > 0) {
        z.next_in = (unsigned char *)chunk;
        z.avail_in = (unsigned)n;
        if (!inflate_chunk(s, file, &z, at, &begun)) {
            n = 0;
            break;
        }
        at += n;
    }
    inflateEnd(&z);
    return n == 0;
}

/* ---- another request ------------------------------------------------------------------------ */

static void put_member(char *text, size_t size, const cJSON *member)
{
    char *json = member != NULL ? cJSON_PrintUnformatted(member) : NULL;

    snprintf(text, size, "%.80s%s", json != NULL ? json : "not there",
             json != NULL && strlen(json) > 80 ? "..." : "");
    free(json);
}

static int differs(const struct record_file *file, const cJSON *was, const cJSON *is)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, is)
    {
        const cJSON *old = cJSON_GetObjectItemCaseSensitive(was, item->string);
        char before[100], now[100];

        if (strcmp(item->string, "begun") == 0 || strcmp(item->string, "by") == 0 ||
            cJSON_Compare(old, item, 1)) {
            continue;
        }
        put_member(before, sizeof before, old);
        put_member(now, sizeof now, item);
        complain("%s is a recording of another request: its %s is %s, not %s; give another -o, or "
                 "delete it",
                 file->path, item->string, before, now);
        return 1;
    }
    return 0;
}

/* Whether a request is the one that a file was begun for. */
static int check_head(const struct record_file *file, const char *head, const char *wanted)
{
    cJSON *was = cJSON_Parse(head), *is = cJSON_Parse(wanted);
    int code = EXIT_USAGE;

    if (!cJSON_IsObject(was) || is == NULL) {
        complain("%s: its head is no JSON; weir does not write over it", file->path);
    } else if (!differs(file, was, is)) {
        code = EXIT_FINE;
    }
    cJSON_Delete(was);
    cJSON_Delete(is);
    return code;
}

/* ---- opening -------------------------------------------------------------------------------- */

/* Whether a file may be one that was cut off in its head, or has nothing. */
static int is_begun(const struct scan *s)
{
    size_t most = sizeof head_start - 1;
    size_t length = s->head.length < most ? s->head.length : most;

    return length == 0 || memcmp(s->head.at, head_start, length) == 0;
}

/* Whether a file begins as gzip does, as far as it goes. */
static int looks_zipped(const struct record_file *file)
{
    unsigned char magic[2];
    ssize_t n = pread(file->fd, magic, sizeof magic, 0);

    return n > 0 && magic[0] == 0x1f && (n < 2 || magic[1] == 0x8b);
}

static int take_up(struct record_file *file, const char *head, off_t size)
{
    struct scan s = {.done = INT64_MIN};
    int code = EXIT_INPUT;
    int read_all = file->gzip ? scan_gzip(&s, file) : scan_plain(&s, file);

    if (!read_all || s.head.failed) {
        complain("%s: %s", file->path, strerror(s.head.failed ? ENOMEM : errno));
    } else if (!is_begun(&s) || (s.head.length == 0 && size > START_MAX) ||
               (file->gzip && !looks_zipped(file))) {
        complain("%s is there and no recording%s; weir does not write over it", file->path,
                 file->gzip ? " in gzip" : "");
        code = EXIT_USAGE;
    } else if (file->good > 0) {
        code = check_head(file, s.head.at, head);
        file->continued = 1;
        file->ended = file->ended && file->good == size;
    } else {
        code = EXIT_FINE;
    }
    record_text_free(&s.head);
    return code;
}

static int cut(struct record_file *file)
{
    if (!file->regular) {
        return 1;
    }
    return ftruncate(file->fd, file->good) == 0 &&
           lseek(file->fd, file->good, SEEK_SET) == file->good;
}

static int is_free(struct record_file *file)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (!file->regular || fcntl(file->fd, F_SETLK, &lock) == 0 ||
        (errno != EACCES && errno != EAGAIN)) {
        return 1;
    }
    complain("%s is being written by another weir", file->path);
    return 0;
}

static int fail(const struct record_file *file)
{
    complain("%s: %s", file->path, strerror(errno));
    return EXIT_OUTPUT;
}

int record_open(struct record_file *file, const char *path, const char *head)
{
    size_t length = strlen(path);
    struct stat about;
    int code = EXIT_FINE;

    memset(file, 0, sizeof *file);
    file->path = path;
    file->done = INT64_MIN;
    file->gzip = length > 3 && strcmp(path + length - 3, ".gz") == 0;
    file->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file->fd < 0 || fstat(file->fd, &about) != 0) {
        return fail(file);
    }
    file->regular = S_ISREG(about.st_mode);
    if (!is_free(file)) {
        return EXIT_OUTPUT;
    }
    if (file->regular && about.st_size > 0) {
        code = take_up(file, head, about.st_size);
    }
    if (code != EXIT_FINE || file->ended) {
        return code;
    }
    if (!cut(file)) {
        return fail(file);
    }
    if (!file->continued) {
        record_put(&file->block, "%s\n", head);
        return record_commit(file, INT64_MIN, 0);
    }
    return EXIT_FINE;
}

/* ---- writing -------------------------------------------------------------------------------- */

static int write_all(struct record_file *file, const char *bytes, size_t length)
{
    for (size_t at = 0; at < length;) {
        ssize_t n = write(file->fd, bytes + at, length - at);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return 0;
        }
        at += (size_t)n;
    }
    file->good += (off_t)length;
    return 1;
}

static int write_gzip(struct record_file *file)
{
    z_stream z = {0};
    char *out;
    size_t room;
    int fine = 0;

    errno = ENOMEM;
    if (file->block.length > UINT32_MAX / 2 ||
        deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return 0;
    }
    room = deflateBound(&z, file->block.length);
    out = malloc(room);
    if (out != NULL) {
        z.next_in = (unsigned char *)file->block.at;
        z.avail_in = (unsigned)file->block.length;
        z.next_out = (unsigned char *)out;
        z.avail_out = (unsigned)room;
        fine = deflate(&z, Z_FINISH) == Z_STREAM_END && write_all(file, out, room - z.avail_out);
    }
    deflateEnd(&z);
    free(out);
    return fine;
}

int record_commit(struct record_file *file, int64_t done, int end)
{
    int fine;

    if (done != INT64_MIN) {
        record_put(&file->block, "{\"done\":%" PRId64 "%s}\n", done, end ? ",\"end\":true" : "");
    }
    if (file->block.failed) {
        complain("there is no memory left for a block of %s", file->path);
        return EXIT_OUTPUT;
    }
    fine = file->gzip ? write_gzip(file) : write_all(file, file->block.at, file->block.length);
    if (!fine) {
        int code = fail(file);

        cut(file);
        return code;
    }
    file->done = done;
    file->ended = end;
    file->block.length = 0;
    return EXIT_FINE;
}

int record_close(struct record_file *file)
{
    int code = EXIT_FINE;

    record_text_free(&file->block);
    if (file->fd > 0 && close(file->fd) != 0) {
        code = fail(file);
    }
    file->fd = -1;
    return code;
}
