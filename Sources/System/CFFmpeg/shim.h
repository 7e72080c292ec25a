// FFmpeg: containers, decoders, pixel and sample conversion. Versions 4.4 to 7.
//
// What Swift cannot import (macros with casts) and what changed its name between versions is given one name here.
#ifndef REGULUS_CFFMPEG_H
#define REGULUS_CFFMPEG_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/imgutils.h>
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>

static inline int ffmpeg_again(void) { return AVERROR(EAGAIN); }
static inline int ffmpeg_end(void) { return AVERROR_EOF; }
static inline int64_t ffmpeg_no_time(void) { return AV_NOPTS_VALUE; }

// Writes the text of an error, always terminated.
static inline void ffmpeg_text(int code, char *text, size_t size) {
    if (av_strerror(code, text, size) < 0) snprintf(text, size, "error %d", code);
}

// The decoder of an identifier; its constness differs between versions.
static inline AVCodec *ffmpeg_decoder(enum AVCodecID identifier) { return (AVCodec *)avcodec_find_decoder(identifier); }
static inline AVCodec *ffmpeg_encoder(enum AVCodecID identifier) { return (AVCodec *)avcodec_find_encoder(identifier); }

static inline int ffmpeg_channels(const AVFrame *frame) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100)
    return frame->ch_layout.nb_channels;
#else
    return frame->channels;
#endif
}

// Opens a file, as a named format or, where that is null, as what it looks like.
static inline int ffmpeg_open(AVFormatContext **container, const char *url, const char *format) {
    return avformat_open_input(container, url, format ? av_find_input_format(format) : NULL, NULL);
}

// No converter of pixels yet. The structure is opaque in some versions and not in others; this has its type in all.
static inline struct SwsContext *ffmpeg_no_scaler(void) { return NULL; }

// A converter from what `frame` holds to mono 32-bit floats at `rate`, or null.
static inline struct SwrContext *ffmpeg_mono_floats(const AVFrame *frame, int rate) {
    struct SwrContext *context = NULL;
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100)
    AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO, source = {0};
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
        av_channel_layout_default(&source, frame->ch_layout.nb_channels);
    } else if (av_channel_layout_copy(&source, &frame->ch_layout) < 0) {
        return NULL;
    }
    int code = swr_alloc_set_opts2(
        &context, &mono, AV_SAMPLE_FMT_FLT, rate, &source, (enum AVSampleFormat)frame->format, frame->sample_rate, 0, NULL);
    av_channel_layout_uninit(&source);
    if (code < 0) swr_free(&context);
#else
    int64_t source = frame->channel_layout ? (int64_t)frame->channel_layout : av_get_default_channel_layout(frame->channels);
    context = swr_alloc_set_opts(
        NULL, AV_CH_LAYOUT_MONO, AV_SAMPLE_FMT_FLT, rate, source, (enum AVSampleFormat)frame->format, frame->sample_rate, 0, NULL);
#endif
    // Channels are averaged: without the bound, floats are mixed with a gain of the square root of two.
    if (context) av_opt_set_double(context, "rematrix_maxval", 1, 0);
    if (context && swr_init(context) < 0) swr_free(&context);
    return context;
}

#endif
