#include "ffmpeg.h"

#include "loading.h"

#include <stdio.h>

// What the functions below call, once the libraries are open.
static struct ffmpeg_functions ffmpeg;

int ffmpeg_load(const char *folder, struct ffmpeg_functions *functions, char *reason, size_t size) {
    void *library;
#define FIND(name) \
    if (!regulus_find_function(library, #name, (void **)&functions->name, reason, size)) return 0;
#define OPEN(name, version, contents) \
    library = regulus_open_library(folder, "lib" name ".so." AV_STRINGIFY(version), reason, size); \
    if (!library) return 0; \
    contents(FIND)
    OPEN("avutil", LIBAVUTIL_VERSION_MAJOR, FFMPEG_UTIL)
    OPEN("avcodec", LIBAVCODEC_VERSION_MAJOR, FFMPEG_CODEC)
    OPEN("avformat", LIBAVFORMAT_VERSION_MAJOR, FFMPEG_FORMAT)
    OPEN("swresample", LIBSWRESAMPLE_VERSION_MAJOR, FFMPEG_RESAMPLE)
    OPEN("swscale", LIBSWSCALE_VERSION_MAJOR, FFMPEG_SCALE)
    functions->av_log_set_level(AV_LOG_QUIET);
    ffmpeg = *functions;
    return 1;
}

void ffmpeg_text(int code, char *text, size_t size) {
    if (ffmpeg.av_strerror(code, text, size) < 0) snprintf(text, size, "error %d", code);
}

AVCodec *ffmpeg_decoder(enum AVCodecID identifier) { return (AVCodec *)ffmpeg.avcodec_find_decoder(identifier); }

AVCodec *ffmpeg_encoder(enum AVCodecID identifier) { return (AVCodec *)ffmpeg.avcodec_find_encoder(identifier); }

int ffmpeg_open(AVFormatContext **container, const char *url, const char *format) {
    return ffmpeg.avformat_open_input(container, url, format ? ffmpeg.av_find_input_format(format) : NULL, NULL);
}

struct SwrContext *ffmpeg_mono_floats(const AVFrame *frame, int rate) {
    struct SwrContext *context = NULL;
#if FFMPEG_HAS_LAYOUTS
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO, source = {0};
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
        ffmpeg.av_channel_layout_default(&source, frame->ch_layout.nb_channels);
    } else if (ffmpeg.av_channel_layout_copy(&source, &frame->ch_layout) < 0) {
        return NULL;
    }
    int code = ffmpeg.swr_alloc_set_opts2(
        &context, &mono, AV_SAMPLE_FMT_FLT, rate, &source, (enum AVSampleFormat)frame->format, frame->sample_rate, 0, NULL);
    ffmpeg.av_channel_layout_uninit(&source);
    if (code < 0) ffmpeg.swr_free(&context);
#else
    int64_t source = frame->channel_layout ? (int64_t)frame->channel_layout : ffmpeg.av_get_default_channel_layout(frame->channels);
    context = ffmpeg.swr_alloc_set_opts(
        NULL, AV_CH_LAYOUT_MONO, AV_SAMPLE_FMT_FLT, rate, source, (enum AVSampleFormat)frame->format, frame->sample_rate, 0, NULL);
#endif
    // Channels are averaged: without the bound, floats are mixed with a gain of the square root of two.
    if (context) ffmpeg.av_opt_set_double(context, "rematrix_maxval", 1, 0);
    if (context && ffmpeg.swr_init(context) < 0) ffmpeg.swr_free(&context);
    return context;
}
