// FFmpeg: containers, decoders, pixel and sample conversion. Versions 4.4 to 7.
//
// Nothing is linked with FFmpeg. Its five libraries bring some 130 others, and loading those takes longer than all else that happens when
// a program starts. They are opened when the first file is, and their functions are called through a table of pointers.
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

// Since FFmpeg 5.1 a layout of channels is a structure.
#define FFMPEG_HAS_LAYOUTS (LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 24, 100))

// The functions in the table, library by library. Those in the second lines write files, as tests do.
#if FFMPEG_HAS_LAYOUTS
#define FFMPEG_UTIL_LAYOUTS(use) use(av_channel_layout_copy) use(av_channel_layout_default) use(av_channel_layout_uninit)
#define FFMPEG_RESAMPLE_LAYOUTS(use) use(swr_alloc_set_opts2)
#else
#define FFMPEG_UTIL_LAYOUTS(use) use(av_get_default_channel_layout)
#define FFMPEG_RESAMPLE_LAYOUTS(use) use(swr_alloc_set_opts)
#endif
#define FFMPEG_UTIL(use) \
    use(av_frame_alloc) use(av_frame_free) use(av_log_set_level) use(av_opt_set_double) use(av_sample_fmt_is_planar) use(av_strerror) \
    use(av_frame_get_buffer) \
    FFMPEG_UTIL_LAYOUTS(use)
#define FFMPEG_CODEC(use) \
    use(av_new_packet) use(av_packet_alloc) use(av_packet_free) use(av_packet_unref) use(avcodec_alloc_context3) use(avcodec_find_decoder) \
    use(avcodec_free_context) use(avcodec_open2) use(avcodec_parameters_to_context) use(avcodec_receive_frame) use(avcodec_send_packet) \
    use(av_packet_rescale_ts) use(avcodec_find_encoder) use(avcodec_parameters_from_context) use(avcodec_receive_packet) use(avcodec_send_frame)
#define FFMPEG_FORMAT(use) \
    use(av_find_best_stream) use(av_find_input_format) use(av_read_frame) use(av_seek_frame) use(avformat_alloc_context) \
    use(avformat_close_input) use(avformat_find_stream_info) use(avformat_open_input) \
    use(av_write_frame) use(av_write_trailer) use(avformat_alloc_output_context2) use(avformat_free_context) use(avformat_new_stream) \
    use(avformat_write_header) use(avio_closep) use(avio_open)
#define FFMPEG_RESAMPLE(use) \
    use(swr_convert) use(swr_free) use(swr_get_out_samples) use(swr_init) FFMPEG_RESAMPLE_LAYOUTS(use)
#define FFMPEG_SCALE(use) \
    use(sws_freeContext) use(sws_getCoefficients) use(sws_getContext) use(sws_scale) use(sws_setColorspaceDetails)

// Pointers to FFmpeg's functions under their own names, each of the type that the headers declare.
struct ffmpeg_functions {
#define FFMPEG_POINTER(name) __typeof__(&name) name;
    FFMPEG_UTIL(FFMPEG_POINTER)
    FFMPEG_CODEC(FFMPEG_POINTER)
    FFMPEG_FORMAT(FFMPEG_POINTER)
    FFMPEG_RESAMPLE(FFMPEG_POINTER)
    FFMPEG_SCALE(FFMPEG_POINTER)
#undef FFMPEG_POINTER
};

// Opens the libraries of the headers' major versions, where the loader finds them or, where it is not null, in `folder`, and fills the table.
// FFmpeg then writes nothing to standard error any more: what matters is told with the file's name.
//
// Returns 1, or 0 with the reason written to `reason`. The functions below may be called once it has returned 1.
int ffmpeg_load(const char *folder, struct ffmpeg_functions *functions, char *reason, size_t size);

// Writes the text of an error, always terminated.
void ffmpeg_text(int code, char *text, size_t size);

// The decoder of an identifier; its constness differs between versions.
AVCodec *ffmpeg_decoder(enum AVCodecID identifier);
AVCodec *ffmpeg_encoder(enum AVCodecID identifier);

// Opens a file, as a named format or, where that is null, as what it looks like.
int ffmpeg_open(AVFormatContext **container, const char *url, const char *format);

// A converter from what `frame` holds to mono 32-bit floats at `rate`, or null.
struct SwrContext *ffmpeg_mono_floats(const AVFrame *frame, int rate);

static inline int ffmpeg_again(void) { return AVERROR(EAGAIN); }
static inline int ffmpeg_end(void) { return AVERROR_EOF; }
static inline int64_t ffmpeg_no_time(void) { return AV_NOPTS_VALUE; }

static inline int ffmpeg_channels(const AVFrame *frame) {
#if FFMPEG_HAS_LAYOUTS
    return frame->ch_layout.nb_channels;
#else
    return frame->channels;
#endif
}

// No converter of pixels yet. The structure is opaque in some versions and not in others; this has its type in all.
static inline struct SwsContext *ffmpeg_no_scaler(void) { return NULL; }

#endif
