/*
 * http/secret.c - tokens and passwords from files and the environment. They are used and wiped; no
 * message has any part of one.
 */
#include "client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void weir__http_wipe(char *text, size_t size)
{
    volatile char *at = text;

    while (size > 0) {
        at[--size] = '\0';
    }
}

/* Without the line break that editors and kubectl leave at the end, and without others. */
static bool trim(char *text)
{
    size_t length = strlen(text);

    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL) {
        text[--length] = '\0';
    }
    return length > 0 && strpbrk(text, "\r\n") == NULL;
}

static weir_status complain(weir_error *err, const char *name, const char *where, const char *why)
{
    char message[sizeof err->message];

    snprintf(message, sizeof message, "%.120s %s", where, why);
    return weir__http_error(err, WEIR_E_IO, name, message);
}

static weir_status read_file(const char *path, const char *name, char text[SECRET_MAX],
                             weir_error *err)
{
    FILE *file = fopen(path, "rb");
    size_t length;

    if (file == NULL) {
        return complain(err, name, path, strerror(errno));
    }
    setvbuf(file, NULL, _IONBF, 0); /* no copy of it in a buffer */
    length = fread(text, 1, SECRET_MAX - 1, file);
    text[length] = '\0';
    if (ferror(file)) {
        fclose(file);
        return complain(err, name, path, "cannot be read");
    }
    fclose(file);
    if (length == SECRET_MAX - 1 || strlen(text) != length || !trim(text)) {
        return complain(err, name, path, "does not have one line of text");
    }
    return WEIR_OK;
}

weir_status weir__http_secret(const struct secret *secret, const char *name, char text[SECRET_MAX],
                              weir_error *err)
{
    const char *value;

    if (secret->file != NULL) {
        return read_file(secret->file, name, text, err);
    }
    value = getenv(secret->variable);
    if (value == NULL || value[0] == '\0') {
        return complain(err, name, secret->variable, "is not set in the environment");
    }
    if (strlen(value) >= SECRET_MAX) {
        return complain(err, name, secret->variable, "is too long");
    }
    memcpy(text, value, strlen(value) + 1);
    return trim(text) ? WEIR_OK
                      : complain(err, name, secret->variable, "does not have one line of text");
}
