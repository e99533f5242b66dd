import { useEffect, useRef, useState } from "react";
import { useWords } from "../../i18n/text";
import { Dialog } from "../../parts/dialog";
import { Icon } from "../../parts/icon";

const JPEG_QUALITY = 0.88;

interface Props {
  title: string;
  onPhoto: (photo: Blob) => void;
  onClose: () => void;
}

/** The phone's camera inside the page; where it may not be used, a picture is chosen. */
export function Camera({ title, onPhoto, onClose }: Props) {
  const { t } = useWords();
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<"opening" | "open" | "none">("opening");
  useEffect(() => {
    let closed = false;
    let stream: MediaStream | null = null;
    openCamera()
      .then(async (opened) => {
        stream = opened;
        if (closed || !video.current) { stop(opened); return; }
        video.current.srcObject = opened;
        await video.current.play();
        setState("open");
      })
      .catch(() => setState("none"));
    return () => {
      closed = true;
      stop(stream);
    };
  }, []);
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="camera">
        {state === "none" ? (
          <p role="status">{t("field.noCamera")}</p>
        ) : (
          <video ref={video} muted playsInline aria-label={t("field.viewfinder")} />
        )}
        <div className="buttons">
          <button
            type="button"
            className="button solid"
            disabled={state !== "open"}
            onClick={() => void shoot(video.current).then((photo) => photo && onPhoto(photo))}
          >
            <Icon name="camera" />
            {t("field.shoot")}
          </button>
          <label className="button photo-button">
            {t("field.choose")}
            <input
              type="file"
              className="hidden"
              accept="image/jpeg,image/png,image/webp"
              onChange={(event) => {
                const [photo] = event.target.files ?? [];
                if (photo) onPhoto(photo);
              }}
            />
          </label>
        </div>
      </div>
    </Dialog>
  );
}

/** Open the camera at the back; without a secure page there is none. */
async function openCamera(): Promise<MediaStream> {
  const video = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
  return navigator.mediaDevices.getUserMedia({ video, audio: false });
}

function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

function shoot(video: HTMLVideoElement | null): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  canvas.width = video?.videoWidth ?? 0;
  canvas.height = video?.videoHeight ?? 0;
  if (!video || !canvas.width) return Promise.resolve(null);
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  return new Promise((give) => canvas.toBlob(give, "image/jpeg", JPEG_QUALITY));
}
