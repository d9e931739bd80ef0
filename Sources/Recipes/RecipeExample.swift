extension Recipe {
  /// A recipe that shows every key, each with what it means; `assay recipe example` prints it. It reads without a
  /// problem.
  public static let example = """
    # What one inspection station does. `assay recipe check FILE` says in sentences what a recipe means.
    # Only "cameras" and a "model" are needed; every other key has a default.
    # Times have a unit (500 ms, 2 s, 5 min), sizes too (500 MB, 20 GB). Paths are relative to this file's folder.

    station: line-3                       # default: this file's name
    out: runs/line-3                      # the run's folder; --out replaces it

    # For all cameras; a camera may have its own.
    model: parts.onnx
    policy: {reject: 0.5, review: 0.3}    # defect scores; default: the model's own thresholds
    timeout: 3 s                          # without a frame for so long, a camera counts as stalled

    cameras:
      top:
        # USB port as `assay cameras` lists it, by-id or by-path name, serial number, card name, or /dev/videoN.
        device: usb-0000:00:14.0-3
        format: {size: 1280x720, rate: 60, pixels: [YUYV, MJPG]}
        controls:                         # set in this order, read back, and checked during the run
          auto_exposure: manual           # a menu item's name,
          exposure_time_absolute: 120     # a whole number,
          white_balance_automatic: off    # or on and off
        lock: [exposure, gain, white_balance, focus]   # settle at the start, then stay; also all, none
        settle: 2 s
        checks:                           # such a picture is rejected without a judgement; each may be off
          frozen: 10                      # so many frames with the very same bytes
          black: 20                       # nothing brighter than this grey level
          overexposed: 80 %               # more than this share of it clipped
        trigger:                          # or: every frame, every 200 ms, {software: stdin}
          presence:                       # one frame of each part
            mode: passes                  # or stands: judged once it does not move
            region: {rectangle: [400, 0, 480, 720]}    # default: the camera's region
            on: 0.2 %                     # so much of it differs from the empty belt: a part has come
            off: 0.1 %                    # less than this: it has gone
            hold: {on: 2, off: 3, rest: 3}    # frames that it takes to believe that, and that a part stands
            longest: 5 s                  # it is judged at the latest then; default: when it leaves or stands
            learn: 30                     # frames of empty belt at the start
            contrast: 6                   # grey levels that count as a difference
            adapt: 10 s                   # the belt's picture follows slow changes of light
            relearn: 3 min                # what stands for so long becomes part of the scene
        region: {polygon: [[100, 40], [1180, 40], [1180, 680], [100, 680]]}   # what is judged, in pixels
        ignore:                           # and what not
          - {rectangle: [600, 300, 40, 40]}
          - {mask: belt.png}              # what is white in this picture
        alignment:                        # a part that is not found is rejected
          template: washer.png
          search: [200, 100, 880, 520]    # x, y, width, height; default: the region
          angle: 20                       # degrees either way
          least_score: 0.7

      side:
        device: ACME_Camera_00042
        trigger: {software: {socket: /run/assay/side.sock}}   # or stdin, or {signal: SIGUSR1}
        model: sides.onnx
        policy:
          reject: 0.6
          confidence: 0.6                 # for models without a good class
          classes: {crack: {reject: 0.3, review: 0.1}}

    outputs:                              # besides the run's folder; each decision is one JSON line
      - command: /usr/local/bin/plc-write # a line for the shell, or a list [program, argument, ...]
        timeout: 2 s                      # then it is ended, and the decision is tried again
        feed: each                        # run for each decision; or lines, acknowledged: it keeps running
      - socket: /run/assay/decisions.sock

    keep:                                 # pictures
      rejects: all                        # all, none, 1 in 100, 5 %
      reviews: all
      accepts: 1 in 100
      budget: 20 GB                       # then the oldest go first; or unlimited
      days: 90                            # then accepted and reviewed ones go; default: never
      raw: no                             # the camera's own bytes too, to judge them again

    """
}
