import { useEffect, useState } from "react";
import { useWords } from "../../i18n/text";
import { Icon } from "../../parts/icon";
import { FieldError } from "../../parts/trouble";

export const MOST_PHOTOS = 5;
export const LARGEST_MB = 10;
const TYPES = ["image/jpeg", "image/png", "image/webp"];

/** Photos with a preview; the server looks at them again by their content. */
export function PhotoField({
  photos,
  onChange,
  refusal,
}: {
  photos: File[];
  onChange: (photos: File[]) => void;
  refusal: string | null;
}) {
  const { t } = useWords();
  const [error, setError] = useState<string | null>(null);

  function add(files: File[]) {
    const words = objection(files);
    setError(words);
    if (!words) onChange([...photos, ...files]);
  }

  function objection(files: File[]): string | null {
    const wrong = files.find((file) => !TYPES.includes(file.type));
    const large = files.find((file) => file.size > LARGEST_MB * 1024 * 1024);
    if (wrong) return t("portal.photoNotPicture", { name: wrong.name });
    if (large) return t("portal.photoTooLarge", { name: large.name, size: LARGEST_MB });
    const tooMany = photos.length + files.length > MOST_PHOTOS;
    return tooMany ? t("portal.photoTooMany", { count: MOST_PHOTOS }) : null;
  }

  return (
    <div className="photo-field">
      <ul>
        {photos.map((photo) => (
          <li key={`${photo.name}-${photo.lastModified}`}>
            <Preview photo={photo} />
            <button
              type="button"
              className="button icon"
              aria-label={t("portal.photoRemove", { name: photo.name })}
              onClick={() => onChange(photos.filter((each) => each !== photo))}
            >
              <Icon name="cross" />
            </button>
          </li>
        ))}
        <li>
          <label className="add-photo">
            <Icon name="plus" size={20} />
            {t("portal.photoAdd")}
            <input
              type="file"
              className="hidden"
              accept={TYPES.join(",")}
              multiple
              aria-describedby="photo-hint photo-error"
              onChange={(event) => {
                add([...(event.target.files ?? [])]);
                event.target.value = "";
              }}
            />
          </label>
        </li>
      </ul>
      <p id="photo-hint" className="hint">
        {t("portal.photoHint", { count: MOST_PHOTOS, size: LARGEST_MB })}
      </p>
      <FieldError id="photo-error" words={error ?? refusal} />
    </div>
  );
}

function Preview({ photo }: { photo: File }) {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(photo);
    // eslint-disable-next-line react-hooks/set-state-in-effect -- the address must be made and revoked together
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [photo]);
  return <img src={url} alt={photo.name} />;
}
